"""The names of keys, as users write them in the settings."""

import unicodedata

from textual.keys import KEY_NAME_REPLACEMENTS, Keys

_MODIFIERS = frozenset({"ctrl", "shift", "alt", "meta", "super", "hyper"})
_NAMED = frozenset({key.value for key in Keys} | set(KEY_NAME_REPLACEMENTS.values()))


def key_name(text: str) -> str | None:
    """Return Textual's name of a key (``?``, ``W``, ``f5``, ``ctrl+s``), or None if there is no such key."""
    *modifiers, key = [text] if len(text) == 1 else text.split("+")
    if not _MODIFIERS.issuperset(modifiers) or not _is_key(key):
        return None
    return "+".join([*modifiers, _character_name(key) if len(key) == 1 else key])


def _character_name(character: str) -> str:
    """Return Textual's name of a printable character, for which it has no public function."""
    if character.isalnum():
        return character
    name = unicodedata.name(character).lower().replace("-", "_").replace(" ", "_")
    return KEY_NAME_REPLACEMENTS.get(name, name)


def _is_key(key: str) -> bool:
    if len(key) == 1:
        return key.isprintable()
    try:
        unicodedata.lookup(key.replace("_", " "))
    except KeyError:
        return key in _NAMED
    return True
