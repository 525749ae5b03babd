"""A table with a bar and columns. Rows are built when they are drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from types import MappingProxyType
from typing import Protocol

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.message import Message

from layerscope.tui.drawing.cells import cut, cut_path, padded, wrapped
from layerscope.tui.widgets.line_list import TallList, fitting_heights

_BARS = (36, 24, 12, 6)
_WIDE_BAR, _WIDE_SHARE = 12, 4
"""The cells above which a bar takes at most that part of the width, and only where no last cell has to be wrapped."""
_GAP = "  "
_MOST_LINES = 9
"""The most lines that a row takes."""
_MOST_MEASURED = 200
"""The rows of a long table of which the last cells decide how wide the bars are."""


@dataclass(frozen=True, slots=True)
class Target:
    """A row in the explorer: a layer, and a node of the tree at that layer."""

    layer: int
    node: int | None = None


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row. ``cells`` are printable; ``share`` fills the bar, ``dead_share`` its last part.

    ``detail`` is shown below the table for the row under the cursor; the ``target`` is the row of the tree that it
    leads to, or the ``subject`` is what the screen knows it by.
    """

    cells: tuple[str, ...]
    share: float | None = None
    dead_share: float = 0.0
    style: str | None = None
    target: Target | None = None
    subject: object = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a table; the last one takes the room that is left, and a path in it is cut in its middle.

    Without a ``width`` it is as wide as its widest cell, for which all rows are built.
    """

    title: str
    right: bool = False
    width: int = 0
    is_path: bool = False


class TableRows(Protocol):
    """The rows of a table, built when they are asked for: a table may have many."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> TableRow:
        """Return a row; raises IndexError past the last one."""
        ...


class RowTable(TallList):
    """Rows under a line of titles; the bar comes first if the rows have one.

    The bars have the first of their widths with which the last cells are not cut, or the last one; only in a wide
    table are they long. A text that
    ``wraps`` is read from its start to its end: its last cells are wrapped even if that makes the table scroll.
    """

    DEFAULT_CSS = """
    RowTable { height: 1fr; }
    """

    @dataclass
    class Chosen(Message):
        """A row was chosen."""

        row: TableRow

    class Fitted(Message):
        """The bars have another width, and the titles are to be drawn again."""

    def __init__(self, *, wraps: bool = False) -> None:
        super().__init__()
        self._wraps = wraps
        self._bar_width = 0
        self._columns: Sequence[TableColumn] = ()
        self._rows: TableRows = ()
        self._widths: list[int] = []
        self._has_bar = False
        self._parts: Sequence[Sequence[str]] = ()

    def show(self, columns: Sequence[TableColumn], rows: TableRows, cursor: int = 0) -> None:
        self._columns, self._rows = columns, rows
        self._has_bar = bool(len(rows)) and rows[0].share is not None
        self._widths = [self._width(number, column) for number, column in enumerate(columns[:-1])]
        self.refill(cursor)

    def _width(self, number: int, column: TableColumn) -> int:
        cells = [] if column.width else [cell_len(self._rows[item].cells[number]) for item in range(len(self._rows))]
        return max([cell_len(column.title), column.width, *cells])

    @property
    def row(self) -> TableRow | None:
        return self._rows[self.cursor] if self.cursor < len(self._rows) else None

    def titles(self, styles: Mapping[str, Style] = MappingProxyType({})) -> Text:
        """Return the line of titles, as wide as the cells below it, some of them in a style."""
        bar = [Text(" " * self._bar_width)] if self._bar_width else []
        cells = [
            Text(self._cell(number, column.title), styles.get(column.title, ""))
            for number, column in enumerate(self._columns)
        ]
        return Text(_GAP, no_wrap=True).join([*bar, *cells])

    def item_count(self) -> int:
        return len(self._rows)

    def choose_heights(self) -> None:
        """Choose the width of the bars, and the lines of each row for it."""
        before = self._bar_width
        for width in _BARS if self._has_bar else (0,):
            self._bar_width = width
            is_wide = width > _WIDE_BAR
            if is_wide and (width * _WIDE_SHARE > self.line_width or self._is_too_long()):
                continue
            self._wrap_last_cells()
            if is_wide or not self._is_cut():
                break
        if self._bar_width != before:
            self.post_message(self.Fitted())

    def _is_cut(self) -> bool:
        """Return whether the last cell of a row is not shown whole."""
        if self._parts:
            return any(len(parts) > len(self.lines_of(item)) for item, parts in enumerate(self._parts))
        return self._is_too_long()

    def _is_too_long(self) -> bool:
        """Return whether the last cell of a row does not fit on one line."""
        measured = range(min(len(self._rows), _MOST_MEASURED))
        return any(cell_len(self._rows[item].cells[-1]) > self._room for item in measured)

    def _wrap_last_cells(self) -> None:
        """Let the last cells take as many lines as there is room for if all rows are on the screen."""
        count, height = len(self._rows), self.size.height
        self._parts = ()
        if self._columns and not self._columns[-1].is_path and (self._wraps or count <= height):
            cells = (self._rows[item].cells for item in range(count))
            self._parts = [wrapped(last, self._room) for *_, last in cells]
            lines = [min(len(parts), _MOST_LINES) for parts in self._parts]
            extra = [more - 1 for more in lines]
            self.set_heights(lines if self._wraps else fitting_heights([1] * count, extra, height))
        else:
            self.set_heights(repeat(1, count))

    @property
    def _room(self) -> int:
        """The cells that are left for the last column."""
        before = sum(self._widths) + len(_GAP) * len(self._widths)
        return max(1, self.line_width - before - (self._bar_width + len(_GAP) if self._bar_width else 0))

    def draw(self, item: int, line: int, width: int) -> list[Segment]:
        row = self._rows[item]
        style = self.style_of(row.style) if row.style else None
        if line:
            return [Segment(" " * (width - self._room) + self._part(item, line), style)]
        segments = self._bar(row) if self._bar_width else []
        *cells, last = (self._cell(number, cell) for number, cell in enumerate(row.cells))
        before = "".join(f"{cell}{_GAP}" for cell in cells)
        shorten = cut_path if self._columns[-1].is_path else cut
        shown = self._part(item, 0) if self._parts else shorten(last, self._room, self.glyphs)
        return [*segments, Segment(cut(before + shown, width, self.glyphs), style)]

    def _part(self, item: int, line: int) -> str:
        """Return a line of the last cell; what the item has no line for is cut off the last one."""
        is_last = line == len(self.lines_of(item)) - 1
        return cut(" ".join(self._parts[item][line : None if is_last else line + 1]), self._room, self.glyphs)

    def _cell(self, number: int, text: str) -> str:
        if self._columns[number].right:
            return " " * (self._widths[number] - cell_len(text)) + text
        return text if number == len(self._columns) - 1 else padded(text, self._widths[number], self.glyphs)

    def _bar(self, row: TableRow) -> list[Segment]:
        live = max(0.0, (row.share or 0) - row.dead_share)
        return [*self.bar(live, row.dead_share, self._bar_width), Segment(_GAP)]

    def clicked(self, item: int, event: events.Click) -> None:
        """Choose a row by a second click."""
        if event.chain > 1:
            self.post_message(self.Chosen(self._rows[item]))

    def action_choose(self) -> None:
        if self.row is not None:
            self.post_message(self.Chosen(self.row))
