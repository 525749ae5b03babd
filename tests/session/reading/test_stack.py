"""Layers put on top of each other."""

from layerscope.model.entries import LayerEntries
from layerscope.session.reading.layer_reading import LayerStack
from tests.analysis.entries import file, layer


def test_a_base_that_turns_out_to_be_different_takes_the_place_of_what_was_read_of_it() -> None:
    stack, entries = LayerStack(), LayerEntries()
    entries.extend(layer(file("a", 1), file("b", 2)))
    stack.grow(1, entries)
    stack.apply(1, layer(file("a", 1), error="it breaks off"))
    stack.apply(2, layer(file("c", 3)))
    assert [stack.overlay.ids.path(path) for path in stack.overlay.paths] == [b"", b"a", b"c"]
    assert [tally.error for tally in stack.tallies().layers.values()] == ["it breaks off", None]
