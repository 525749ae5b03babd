"""The help of a screen: what its marks mean, and all of its keys, from its key table."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from math import ceil
from typing import ClassVar, NamedTuple

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from layerscope.tui.keys.order import LeftOnce
from layerscope.tui.keys.table import Key, KeyGroup, bindings, chosen_keys, help_lines

_PALETTE = ("Ctrl+P", "Command palette: all commands by name, and themes")

_TWO_COLUMNS = 110
"""The width of the panel from which on there are two columns of keys."""

_BESIDE_TEXT = 6
"""The cells between columns, and beside them."""

_KEYS = (
    Key("escape,question_mark,q,enter", "dismiss", "Close", id="help.close"),
    Key("down,j", "scroll(1)", "Down", id="help.down"),
    Key("up,k", "scroll(-1)", "Up", id="help.up"),
    Key("pagedown,space,ctrl+f", "page(1)", "Page down", id="help.page-down"),
    Key("pageup,ctrl+b", "page(-1)", "Page up", id="help.page-up"),
)

Note = tuple[str, str]
"""A title, and what there is to know."""


class HelpScreen(ModalScreen[None], LeftOnce[None]):
    """A panel over a screen: the ``notes``, then the keys, in two columns where there is room."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(_KEYS)
    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
        #keys { width: 160; max-width: 96%; height: auto; max-height: 96%; background: $panel; }
        #keys { border: $frame $primary; padding: 0 1; scrollbar-size-vertical: 1; }
        #keys Static { width: 1fr; padding-right: 1; }
    }
    """

    def __init__(self, groups: Sequence[KeyGroup], notes: Sequence[Note] = ()) -> None:
        super().__init__()
        self._groups = groups
        self._notes = notes

    def compose(self) -> ComposeResult:
        panel = VerticalScroll(Static("", markup=False), id="keys")
        panel.border_title = "Help"
        panel.border_subtitle = "Esc closes"
        yield panel

    def on_resize(self) -> None:
        groups = [KeyGroup(group.title, chosen_keys(self, group.keys)) for group in self._groups]
        notes: list[RenderableType] = [_notes_table(self._notes), ""] if self._notes else []
        width = self.query_exactly_one("#keys").container_size.width
        self.query_exactly_one(Static).update(Group(*notes, _columns(groups, width)))

    def action_scroll(self, step: int) -> None:
        self.query_one("#keys").scroll_relative(y=step, animate=False, immediate=True)

    def action_page(self, step: int) -> None:
        panel = self.query_one("#keys")
        panel.scroll_relative(y=step * max(1, panel.size.height - 1), animate=False, immediate=True)


def _notes_table(notes: Sequence[Note]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="bold")
    table.add_column()
    for title, text in notes:
        table.add_row(Text(title), Text(text))
    return table


def _columns(groups: Sequence[KeyGroup], width: int) -> RenderableType:
    lines = [line for number, group in enumerate(groups) for line in _group_lines(group, is_first=not number)]
    if width < _TWO_COLUMNS:
        return _keys_table(lines)
    half = _middle(lines, width // 2)
    columns = Table.grid(padding=(0, 2), expand=True)
    columns.add_column(ratio=1)
    columns.add_column(ratio=1)
    columns.add_row(_keys_table(lines[:half]), _keys_table(lines[half:]))
    return columns


def _middle(lines: Sequence["_Line"], width: int) -> int:
    """Return the first line of the second column: both columns are about as high, and no title ends the first."""
    room = max(1, width - max(line.keys.cell_len for line in lines) - _BESIDE_TEXT)
    ends = list(accumulate(max(1, ceil(len(line.does) / room)) for line in lines))
    half = bisect_left(ends, ends[-1] / 2) + 1
    while half > 1 and not lines[half - 1].does:
        half -= 1
    return half


class _Line(NamedTuple):
    """Keys and what they do, or the title of a group, or an empty line."""

    keys: Text
    does: str = ""


def _group_lines(group: KeyGroup, *, is_first: bool) -> list[_Line]:
    keys = [*help_lines(group.keys), *([_PALETTE] if is_first else [])]
    title = Text().append(group.title, "bold underline")
    return [_Line(title), *(_Line(Text(f"  {names}", "bold"), does) for names, does in keys), _Line(Text())]


def _keys_table(lines: Sequence[_Line]) -> Table:
    table = Table.grid(padding=(0, 2), expand=True)
    table.add_column(no_wrap=True)
    table.add_column(ratio=1)
    for line in lines:
        table.add_row(line.keys, Text(line.does))
    return table
