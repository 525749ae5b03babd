"""The keys that the user has chosen for commands in place of others."""

import unicodedata
from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import walk_packages

from textual.keys import KEY_NAME_REPLACEMENTS, Keys

import layerscope.tui
from layerscope.settings.config_file import nearest
from layerscope.settings.preferences import Preferences
from layerscope.text import short_name
from layerscope.tui.keys.table import bound_keys, printable_key

_MODIFIERS = frozenset({"ctrl", "shift", "alt", "meta", "super", "hyper"})

_NAMED = frozenset({key.value for key in Keys} | set(KEY_NAME_REPLACEMENTS.values()))


def known_choices(preferences: Preferences) -> Mapping[str, str]:
    """Return the keys that the user has chosen, by the id of their command; an unknown id becomes a problem."""
    # the key tables are in the modules of their screens, which are imported when they are opened
    for module in walk_packages(layerscope.tui.__path__, "layerscope.tui."):
        import_module(module.name)
    choices, problems = dict[str, str](), list[str]()
    ids = sorted({key.id for keys in bound_keys() for key in keys})
    for name, keys in preferences.settings.keys.items():
        names = [(key, key_name(key)) for key in keys.split(",")]
        if name not in ids:
            problems.append(f"there is no key with the id {short_name(name)}{nearest(name, ids)}")
        elif unknown := next((key for key, known in names if known is None), None):
            problems.append(f"{name}: there is no key {short_name(unknown)}")
        else:
            choices[name] = ",".join(known for _, known in names if known is not None)
    problems += _clashes(choices)
    preferences.problems.extend(f"{preferences.config_path}: {problem}" for problem in problems)
    return choices


def _clashes(choices: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence for each key that the user's choices give to two commands of one screen."""
    told = set[tuple[str, str]]()
    for table in bound_keys():
        owners = dict[str, str]()
        for key in table:
            for name in choices.get(key.id, key.keys).split(","):
                other = owners.setdefault(name, key.id)
                if other != key.id and choices.keys() & {other, key.id} and (other, key.id) not in told:
                    told.add((other, key.id))
                    yield f"{other} and {key.id} have the same key, {printable_key(name)}"


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
