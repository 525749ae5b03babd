"""The help of a screen: all of its keys, from its key table."""

from collections.abc import Sequence
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from layerscope.tui.keys.table import Key, KeyGroup, bindings, chosen_keys, help_lines

_PALETTE = ("Ctrl+P", "Command palette: all commands by name, and themes")


_KEYS = (
    Key("escape,question_mark,q,enter", "dismiss", "Close", id="help.close"),
    Key("down,j", "scroll(1)", "Down", id="help.down"),
    Key("up,k", "scroll(-1)", "Up", id="help.up"),
)


class HelpScreen(ModalScreen[None]):
    """A panel over a screen."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(_KEYS)
    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
        #keys { width: 84; max-width: 96%; height: auto; max-height: 92%; background: $panel; }
        #keys { border: $frame $primary; padding: 0 1; scrollbar-size-vertical: 1; }
        #keys Static { width: 1fr; }
    }
    """

    def __init__(self, groups: Sequence[KeyGroup], notes: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__()
        self._groups = groups
        self._notes = notes

    def compose(self) -> ComposeResult:
        """Lay out the panel."""
        groups = [KeyGroup(group.title, chosen_keys(self, group.keys)) for group in self._groups]
        panel = VerticalScroll(Static(_keys_table(groups, self._notes), markup=False), id="keys")
        panel.border_title = "Keys"
        panel.border_subtitle = "Esc closes"
        yield panel

    def action_scroll(self, step: int) -> None:
        """Scroll by a line."""
        self.query_one("#keys").scroll_relative(y=step, animate=False, immediate=True)


def _keys_table(groups: Sequence[KeyGroup], notes: Sequence[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2), expand=True)
    table.add_column(no_wrap=True, style="bold")
    table.add_column(ratio=1)
    for number, group in enumerate(groups):
        table.add_row(Text(group.title, style="underline"))
        for keys, does in [*help_lines(group.keys), *([] if number else [_PALETTE])]:
            table.add_row(Text(f"  {keys}"), Text(does))
        table.add_row()
    for title, does in notes:
        table.add_row(Text(title, style="underline"), Text(does))
    return table
