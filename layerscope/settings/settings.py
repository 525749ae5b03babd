"""The settings and their values, each with its default."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

THEME = "layerscope-dark"
COLUMNS = ("mode", "owner", "mtime", "layer")
_DEEPEST = 9


class Settings(Struct, frozen=True):
    """The settings of the screens.

    ``unfold`` is the depth to which a tree is unfolded at first; None leaves that to the screen. ``keys`` has the keys
    of a command by its id, as Textual names them, separated by commas.
    """

    theme: str = THEME
    sort: str = "size"
    columns: tuple[str, ...] = ()
    unfold: int | None = None
    units: str = "decimal"
    keys: dict[str, str] = {}


class Option(Struct, frozen=True):
    """A setting by its name; ``read`` returns its value from TOML's, and None for one that does not fit."""

    name: str
    expected: str
    read: Callable[[Any], object]


def _one_of(*words: str) -> Callable[[Any], object]:
    return lambda value: value if value in words else None


def _columns(value: Any) -> object:
    fits = isinstance(value, list) and all(column in COLUMNS for column in value)
    return tuple(column for column in COLUMNS if column in value) if fits else None


def _depth(value: Any) -> object:
    return value if type(value) is int and 0 <= value <= _DEEPEST else None


def _keys(value: Any) -> object:
    if not isinstance(value, dict):
        return None
    keys = {name: _joined(each) for name, each in value.items()}
    return None if None in keys.values() else keys


def _joined(value: Any) -> str | None:
    keys = value if isinstance(value, list) else [value]
    fits = bool(keys) and all(isinstance(key, str) and key for key in keys)
    return ",".join(keys) if fits else None


OPTIONS = (
    Option("theme", "the name of a theme", lambda value: value if isinstance(value, str) else None),
    Option("sort", '"name" or "size"', _one_of("name", "size")),
    Option("columns", f"a list of some of {', '.join(COLUMNS)}", _columns),
    Option("unfold", f"a depth from 0 to {_DEEPEST}", _depth),
    Option("units", '"decimal" or "binary"', _one_of("decimal", "binary")),
    Option("keys", 'a table of keys by id, such as "explorer.size" = "W"', _keys),
)
"""The settings in the order in which they are listed."""
