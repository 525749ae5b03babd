"""Fields with labels."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from rich.table import Table
from rich.text import Text
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from layerscope.tui.keys.table import Key, bindings

_MOST_FIELDS = 500
"""Fields that are shown: laying out a hundred thousand lines takes minutes."""

_LONGER_SHARE = 1 / 4
"""The part of the height by which a longer form may exceed the shortest one: it moves fields out of sight."""

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

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._forms: Sequence[Sequence[Field]] = ()
        # not looked up: what is to follow a refresh may come when the screen, and the text before the list, are gone
        self._text = Static("", markup=False)

    def compose(self) -> Iterable[Static]:
        yield self._text

    def action_scroll_lines(self, step: int) -> None:
        """Scroll by lines, without animation."""
        self.scroll_relative(y=step, animate=False, immediate=True)

    def action_scroll_to(self, share: int) -> None:
        """Scroll to the start (0) or to the end (1)."""
        self.scroll_to(y=share * self.max_scroll_y, animate=False, immediate=True)

    def show(self, *forms: Sequence[Field]) -> None:
        """Show the fields that have a text.

        Of several ``forms``, the longest first, this shows the first that fits or is only a few lines longer than the
        last.
        """
        self._forms = forms
        self._draw()
        self.scroll_home(animate=False)

    def on_resize(self) -> None:
        """Choose the form that fits the new size."""
        if len(self._forms) > 1:
            self._draw()

    def _draw(self) -> None:
        *longer, shortest = map(_grid, self._forms)
        height = self.content_size.height
        most = max(height, self._lines_of(shortest) + int(height * _LONGER_SHARE)) if longer and height else 0
        self._text.update(next((grid for grid in longer if self._lines_of(grid) <= most), shortest))

    def _lines_of(self, grid: Table) -> int:
        console = self.app.console
        return len(console.render_lines(grid, console.options.update_width(self.content_size.width)))


def _grid(fields: Sequence[Field]) -> Table:
    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(ratio=1, overflow="fold")
    shown = [(label, value) for label, value in fields if value]
    for label, value in shown[:_MOST_FIELDS]:
        grid.add_row(Text(label), Text(value))
    if len(shown) > _MOST_FIELDS:
        grid.add_row(Text(""), Text(f"and {len(shown) - _MOST_FIELDS:,} more"))
    return grid
