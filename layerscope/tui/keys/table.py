"""The key table of a screen or widget: bindings, key line, help and palette are derived from it."""

from collections.abc import Iterable, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from typing import NamedTuple

from textual.binding import Binding, BindingType
from textual.message_pump import MessagePump

from layerscope.tui.services import services_of

_NAMES = {
    "question_mark": "?",
    "slash": "/",
    "colon": ":",
    "minus": "-",
    "plus": "+",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "escape": "Esc",
    "tab": "Tab",
    "shift+tab": "Shift+Tab",
    "backspace": "Bksp",
    "pageup": "PgUp",
    "ctrl+b": "Ctrl+B",
    "ctrl+f": "Ctrl+F",
    "ctrl+l": "Ctrl+L",
    "pagedown": "PgDn",
    "space": "Space",
    "enter": "Enter",
    "up": "Up",
    "down": "Down",
    "left": "Left",
    "right": "Right",
    "home": "Home",
    "end": "End",
}


def printable_key(name: str) -> str:
    """Return Textual's name of a key as people write it."""
    return _NAMES.get(name, name)


class Series(NamedTuple):
    """Several keys that the help lists on one line, such as the digits."""

    keys: str
    help: str


@dataclass(frozen=True, slots=True)
class Key:
    """One command and the keys that run it.

    ``keys`` are Textual's names of the keys, separated by commas, and ``action`` is Textual's name of the action. The
    key line shows ``label``, the help and the command palette show ``help``; without one, the help shows the label and
    the palette of a whole screen leaves the command out. ``command`` is its name there, if that is not the label.

    A key with a ``rank`` is shown in the key line, lowest rank first, and is written there as ``line``, for instance
    ``n N`` for a pair of keys; without one, as its first key.
    """

    keys: str
    action: str
    label: str
    help: str = ""
    _: KW_ONLY
    id: str
    rank: int | None = None
    line: str = ""
    command: str = ""
    priority: bool = False
    series: Series | None = None

    def at(self, rank: int) -> "Key":
        """Return the same key with another rank in the key line."""
        return replace(self, rank=rank)

    @property
    def first(self) -> str:
        """The name of the first of the keys, which a click in the key line presses."""
        return self.keys.partition(",")[0]

    @property
    def names(self) -> list[str]:
        """The keys as people write them."""
        return [printable_key(key) for key in self.keys.split(",")]

    @property
    def line_text(self) -> str:
        name = self.names[0]
        return self.line or (name.lower() if len(name) > 1 else name)


def chosen_keys(node: MessagePump, keys: Iterable[Key]) -> list[Key]:
    """Return the keys with those that the user of the application has chosen."""
    choices = services_of(node).key_choices
    return [replace(key, keys=choices[key.id], line="", series=None) if key.id in choices else key for key in keys]


class OffersMore:
    """A screen whose command palette has entries beside those of its keys."""

    def more_keys(self) -> Sequence[Key]:
        """Return the entries: ``line`` says which keys do the same, one after the other."""
        raise NotImplementedError


class KeyGroup(NamedTuple):
    """The keys of one screen or widget, under the title that they have in the help."""

    title: str
    keys: Sequence[Key]


_bound = list[Sequence[Key]]()


def bound_keys() -> Sequence[Sequence[Key]]:
    """Return the keys of each screen and widget whose module has been imported."""
    return _bound


def bindings(keys: Iterable[Key]) -> list[BindingType]:
    """Return Textual's bindings of the keys."""
    keys = list(keys)
    _bound.append(keys)
    return [
        Binding(
            key.keys,
            key.action,
            key.command or key.label[:1].upper() + key.label[1:],
            show=key.rank is not None,
            key_display=key.names[0],
            tooltip=key.help,
            id=key.id,
            priority=key.priority,
        )
        for key in keys
    ]


def ranked(groups: Iterable[KeyGroup]) -> list[Key]:
    """Return the keys that the key line may show, the most important first."""
    with_rank = [(key.rank, key) for group in groups for key in group.keys if key.rank is not None]
    return [key for _, key in sorted(with_rank, key=lambda pair: pair[0])]


def help_lines(keys: Iterable[Key]) -> list[tuple[str, str]]:
    """Return the keys and what they do, a series on one line; those without a label are silent aliases of others."""
    lines = dict[tuple[str, str], None]()
    for key in keys:
        if key.label:
            lines[key.series or (" ".join(key.names), key.help or key.label)] = None
    return list(lines)


HELP = Key("question_mark", "help", "help", "Show all keys", id="screen.help", rank=0)
QUIT = Key("q", "app.quit", "quit", "Quit", id="screen.quit", rank=120)
COPY_PATH = Key("y", "copy_path", "path", "Copy the path to the clipboard", id="screen.copy-path", rank=130)
HISTORY = Key(
    "H",
    "history",
    "history",
    "List what every layer did to the path under the cursor, and compare versions",
    id="screen.history",
    rank=110,
)
INVISIBLES = Key("I", "invisibles", "invisibles", "Show spaces, tabs and line ends", id="screen.invisibles", rank=120)
FILTER_LABEL, FILTER_HINT = "filter: ", "text, *.glob or re:regex"
"""The words before a filter, and those in an empty one."""
FILTER = Key(
    "slash",
    "filter",
    "filter",
    "Filter as you type: text, a glob with * or ?, re: for a regular expression",
    id="screen.filter",
    rank=20,
)
