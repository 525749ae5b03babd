"""All keys, with what they do, read from the bindings themselves."""

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from layerscope.tui.drawing.glyphs import Glyphs

_NAMES = {
    "question_mark": "?",
    "slash": "/",
    "colon": ":",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "escape": "Esc",
    "tab": "Tab",
    "shift+tab": "Shift+Tab",
    "pageup": "PgUp",
    "ctrl+b": "Ctrl+B",
    "ctrl+f": "Ctrl+F",
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
_PALETTE = ("Ctrl+P", "Command palette: themes, and all of these by name")


class KeyGroup(NamedTuple):
    """Keys that work in one place."""

    title: str
    bindings: Sequence[BindingType]


class HelpScreen(ModalScreen[None]):
    """A panel over a screen; any of its keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,enter", "dismiss", "Close", id="help.close"),
        Binding("down,j", "scroll(1)", "Down", show=False, id="help.down"),
        Binding("up,k", "scroll(-1)", "Up", show=False, id="help.up"),
    ]
    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
        #keys { width: 84; max-width: 96%; height: auto; max-height: 92%; background: $panel; }
        #keys { border: round $primary; padding: 0 1; scrollbar-size-vertical: 1; }
        #keys Static { width: 1fr; }
        &.-ascii #keys { border: ascii $primary; }
    }
    """

    def __init__(self, glyphs: Glyphs, groups: Sequence[KeyGroup], notes: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(classes="" if glyphs.has_unicode else "-ascii")
        self._groups = groups
        self._notes = notes

    def compose(self) -> ComposeResult:
        """Lay out the panel."""
        panel = VerticalScroll(Static(_keys_table(self._groups, self._notes), markup=False), id="keys")
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
        for keys, does in [*_lines(group.bindings), *([] if number else [_PALETTE])]:
            table.add_row(Text(f"  {keys}"), Text(does))
        table.add_row()
    for title, does in notes:
        table.add_row(Text(title, style="underline"), Text(does))
    return table


def _lines(bindings: Sequence[BindingType]) -> list[tuple[str, str]]:
    shown = [binding for binding in bindings if isinstance(binding, Binding)]
    depths = [binding for binding in shown if binding.action.startswith("open_to(")]
    lines = [(_written(binding), binding.tooltip or binding.description) for binding in shown if binding not in depths]
    if depths:
        lines.insert(shown.index(depths[0]), ("1 to 9", "Open all folders down to that depth"))
    return lines


def _written(binding: Binding) -> str:
    return " ".join(_NAMES.get(key, key) for key in binding.key.split(","))
