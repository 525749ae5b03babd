"""Lists of the size view: tables with their orders and the text that a filter searches. Rows are built when drawn."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, NamedTuple

from layerscope.analysis.search.query import Query
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.session.size.columns import Bar, Cell, Figure, InstructionText, Name, Paths, ReportTable, Row, Words
from layerscope.text import human_size, printable_line, printable_path
from layerscope.tui.drawing.cells import excerpt
from layerscope.tui.size.state import Topic
from layerscope.tui.widgets.row_table import TableColumn, TableRow, TableRows, Target


class Subject(NamedTuple):
    """The subject of a row: the path at ``node`` as ``layer`` left it, or, without a node, the layer itself.

    Enter goes to the ``topic``, or else opens the file. ``hidden_by`` is the layer that hid a dead file. ``copied`` is
    a text to copy in place of the path.
    """

    node: int | None = None
    layer: int | None = None
    hidden_by: int | None = None
    topic: Topic | None = None
    copied: str | None = None

    @property
    def target(self) -> Target | None:
        """The row of the tree that shows the path, or its removal."""
        layer = self.hidden_by or self.layer
        return None if layer is None else Target(layer, self.node)


class Order(NamedTuple, Generic[Row]):
    """An order of rows, ascending by the ``key``, or the one that their table has.

    The column that it sorts by has the ``title``, or the same name as the order.
    """

    name: str
    key: Callable[[Row], Any] | None = None
    title: str | None = None

    @property
    def column(self) -> str:
        """The title of the column that it sorts by; empty if that is the bar."""
        return self.name if self.title is None else self.title


@dataclass(frozen=True, slots=True)
class RowsOnDemand:
    """Rows that are built one by one from their numbers, and one for the ``rest``."""

    numbers: Sequence[int]
    build: Callable[[int], TableRow]
    rest: TableRow | None = None

    def __len__(self) -> int:
        return len(self.numbers) + (self.rest is not None)

    def __getitem__(self, index: int, /) -> TableRow:
        if index < 0:
            raise IndexError(index)
        return self.rest if self.rest and index == len(self.numbers) else self.build(self.numbers[index])


class ShownList(NamedTuple):
    """A list as it is on the screen: a caption, columns, rows, and the sentence to show if there are none.

    ``sorts`` are the columns that the list can be sorted by, in the order of its orders; ``sorted_by`` is one of them.
    """

    caption: str
    columns: Sequence[TableColumn]
    rows: TableRows
    when_empty: str
    sorts: Sequence[str]
    sorted_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeList(Generic[Row]):
    """A table in several ``orders``, the first of which is its own.

    ``about`` takes a row and its number in the table, and returns where it leads and what is said about it; ``text`` is
    searched by a filter, and so are the ``texts_below``. The row ``rest`` is for what the table leaves out;
    ``lines`` rows only separate others.
    """

    table: ReportTable[Row]
    about: Callable[[int, Row], TableRow]
    orders: Sequence[Order[Row]]
    text: Callable[[Row], str]
    texts_below: Callable[[Row], Iterable[str]] = lambda _: ()
    when_empty: str
    rest: TableRow | None = None
    lines: int = 0

    def shown(self, query: Query | None, order: int) -> ShownList:
        """Return the rows that match, in one of the orders, counted and summed up."""
        rows, chosen, rest = self.table.rows, self.orders[order % len(self.orders)], self.rest
        numbers: Sequence[int] = range(len(rows))
        counted, when_empty = f"{len(rows) - self.lines:,}", self.when_empty
        if query is not None:
            numbers = [number for number in numbers if self._is_match(query, rows[number])]
            size = human_size(sum(self.table.size(rows[number]) for number in numbers))
            counted = f"{len(numbers):,} of {counted} match {printable_line(query.text)}, {size}"
            when_empty, rest = "Nothing here matches the filter.", None
        if key := chosen.key:
            numbers = sorted(numbers, key=lambda number: key(rows[number]))
        columns = [column for column in self.table.without_bars() if not column.is_detail]
        titles = [
            TableColumn(each.title, each.kind is Figure, each.width, each.kind in (Name, Paths)) for each in columns
        ]
        bar = next((column for column in self.table.columns if column.kind is Bar), None)

        def build(number: int) -> TableRow:
            row = rows[number]
            filled = bar.cell(row) if bar else None
            live, dead = (filled.live, filled.dead) if isinstance(filled, Bar) else (None, 0.0)
            share = None if live is None else live + dead
            cells = tuple(_text(column.cell(row)) for column in columns)
            return replace(self.about(number, row), cells=cells, share=share, dead_share=dead)

        return ShownList(
            f"by {chosen.name}, {counted}",
            titles,
            RowsOnDemand(numbers, build, rest),
            when_empty,
            [each.column for each in self.orders],
            chosen.column,
        )

    def _is_match(self, query: Query, row: Row) -> bool:
        return query.matches(self.text(row)) or any(map(query.matches, self.texts_below(row)))


def _text(cell: Cell) -> str:
    """Return a cell as text; of several paths, the first one."""
    match cell:
        case Figure(text) | Words(text) | InstructionText(text):
            return text
        case Paths(paths):
            return printable_path(paths[0])
        case Bar():
            return ""


def layer_title(analysis: SizeAnalysis, layer: int) -> str:
    """Return the instruction of a layer, safe for a screen."""
    return excerpt(analysis.image.step(layer).title)
