"""Fields with labels."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from layerscope.tui.keys.table import Key, bindings

_MOST_FIELDS = 500
"""Fields that are shown: laying out a hundred thousand lines takes minutes."""

Field = tuple[str, str]
"""A label and a printable text."""


class FieldList(VerticalScroll):
    """Fields below each other, each with its label. Long texts are wrapped."""

    KEYS: ClassVar[tuple[Key, ...]] = (
        Key("down,j", "scroll_lines(1)", "Down", id="fields.down"),
        Key("up,k", "scroll_lines(-1)", "Up", id="fields.up"),
        Key("home,g", "scroll_to(0)", "First", id="fields.first"),
        Key("end,G", "scroll_to(1)", "Last", id="fields.last"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(KEYS)
    DEFAULT_CSS = """
    FieldList { height: auto; padding: 0 1; scrollbar-size-vertical: 1; }
    """

    def compose(self) -> Iterable[Static]:
        """Lay out the text."""
        yield Static("", markup=False)

    def action_scroll_lines(self, step: int) -> None:
        """Scroll by lines, without animation."""
        self.scroll_relative(y=step, animate=False, immediate=True)

    def action_scroll_to(self, share: int) -> None:
        """Scroll to the start (0) or to the end (1)."""
        self.scroll_to(y=share * self.max_scroll_y, animate=False, immediate=True)

    def show(self, fields: Sequence[Field]) -> None:
        """Show the fields that have a text."""
        grid = Table.grid(padding=(0, 1), expand=True)
        grid.add_column(no_wrap=True, style="dim")
        grid.add_column(ratio=1, overflow="fold")
        shown = [(label, value) for label, value in fields if value]
        for label, value in shown[:_MOST_FIELDS]:
            grid.add_row(Text(label), Text(value))
        if len(shown) > _MOST_FIELDS:
            grid.add_row(Text(""), Text(f"and {len(shown) - _MOST_FIELDS:,} more"))
        self.query_one(Static).update(grid)
        self.scroll_home(animate=False)
