"""Names of keys in the settings."""

import sys

from textual.binding import Binding

from layerscope.tui.keys.choices import key_name


def test_a_printable_character_has_the_name_that_textual_gives_its_key() -> None:
    characters = [char for char in map(chr, range(sys.maxunicode + 1)) if char.isprintable() and char not in " ,"]
    named = [binding.key for binding in Binding.make_bindings([Binding(char, "none") for char in characters])]
    assert [key_name(char) for char in characters] == named
    assert [key_name(char) for char in " ,"] == ["space", "comma"]
