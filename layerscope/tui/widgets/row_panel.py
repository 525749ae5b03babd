"""A table in a panel over the screen that opened it, and below it the detail of the row under the cursor."""

from collections.abc import Sequence

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.getters import query_one
from textual.screen import ModalScreen, ScreenResultType
from textual.widgets import Static

from layerscope.tui.drawing.cells import instruction_lines
from layerscope.tui.drawing.glyphs import glyphs_of
from layerscope.tui.keys.order import LeftOnce, OpensLater
from layerscope.tui.keys.table import KeyGroup
from layerscope.tui.widgets.key_line import KeyLine
from layerscope.tui.widgets.line_list import LineList
from layerscope.tui.widgets.row_table import RowTable, TableColumn, TableRows

_LEAST_ROWS, _LINES_AROUND = 3, 13
"""The lines of the table at least, and those of the screen above and below it: border, titles, instruction, keys."""
_LEAST_DETAIL, _LINES_BESIDE = 6, 5
"""The lines of an instruction at least, and those of the panel beside the table and it."""
_HEIGHT_SHARE = 0.92
"""The part of the screen's height that the panel has at most."""


class RowPanel(ModalScreen[ScreenResultType], LeftOnce[ScreenResultType], OpensLater):
    """A list of layers and what they did; the detail of a row is an instruction. It is ready once it has its rows."""

    DEFAULT_CSS = """
    RowPanel {
        align: center middle;
        #panel { width: 96%; height: auto; padding: 0 1; }
        #panel { background: $panel; border: $frame $primary; }
        #titles { height: 1; color: $foreground 60%; }
        RowTable { height: auto; }
        #detail { height: auto; margin-top: 1; }
        KeyLine { dock: none; padding: 0; }
    }
    """

    table = query_one(RowTable)

    def __init__(self, title: str, waiting: str, keys: Sequence[KeyGroup]) -> None:
        super().__init__()
        self._title, self._waiting, self._keys = title, waiting, keys

    def compose(self) -> ComposeResult:
        panel = Vertical(
            Static(self._waiting, id="titles", markup=False),
            RowTable(),
            Static("", id="detail", markup=False),
            KeyLine(self._keys),
            id="panel",
        )
        panel.border_title = Text(self._title).markup
        yield panel

    def on_resize(self) -> None:
        """Leave room for the instruction and the keys below the table."""
        self.query_one("#panel").styles.max_height = self._most_lines
        self.table.styles.max_height = self._most_rows
        # the panel gets its new width first
        self.call_after_refresh(self._show_detail)

    @property
    def _most_lines(self) -> int:
        return int(self.size.height * _HEIGHT_SHARE)

    @property
    def _most_rows(self) -> int:
        return max(_LEAST_ROWS, self.size.height - _LINES_AROUND)

    def write_count(self, words: str) -> None:
        """Write into the lower line of the frame."""
        self.query_one("#panel").border_subtitle = Text(words).markup

    def show(self, columns: Sequence[TableColumn], rows: TableRows, cursor: int) -> None:
        """Show the rows, with the cursor on one of them."""
        self.table.show(columns, rows, cursor)
        self.query_one("#titles", Static).update(self.table.titles())
        self._show_detail()

    @on(LineList.Moved)
    def _show_detail(self) -> None:
        """Show the instruction of the row under the cursor, in as many lines as the panel has room for."""
        row, detail = self.table.row, self.query_one("#detail", Static)
        width = detail.size.width
        if row is None or not width:
            return
        rows = min(self.table.item_count(), self._most_rows)
        most = max(_LEAST_DETAIL, self._most_lines - _LINES_BESIDE - rows)
        detail.update(Text("\n".join(instruction_lines(row.detail, width, most, glyphs_of(self)))))
