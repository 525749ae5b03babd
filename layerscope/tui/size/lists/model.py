"""Lists of the size view: records with their orders and the text that a filter searches. Rows are built when drawn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from layerscope.analysis.search.query import Query
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.text import human_size, path_text, printable_line, printable_name
from layerscope.tui.drawing.cells import excerpt
from layerscope.tui.size.state import Topic
from layerscope.tui.widgets.row_table import TableColumn, TableRow, TableRows, Target

Record = TypeVar("Record")


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


class Order(NamedTuple, Generic[Record]):
    """An order of records, ascending by the ``key``."""

    name: str
    key: Callable[[Record], Any]


@dataclass(frozen=True, slots=True)
class RowsOnDemand(Generic[Record]):
    """Rows that are built one by one from their records."""

    records: Sequence[Record]
    build: Callable[[Record], TableRow]

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, index: int, /) -> TableRow:
        if index < 0:
            raise IndexError(index)
        return self.build(self.records[index])


class ShownList(NamedTuple):
    """A list as it is on the screen: a caption, columns, rows, and the sentence to show if there are none."""

    caption: str
    columns: Sequence[TableColumn]
    rows: TableRows
    when_empty: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeList(Generic[Record]):
    """Records in the first of their ``orders``; ``text`` is searched by a filter, ``size`` are bytes to sum up."""

    columns: Sequence[TableColumn]
    records: Sequence[Record]
    build: Callable[[Record], TableRow]
    orders: Sequence[Order[Record]]
    text: Callable[[Record], str]
    size: Callable[[Record], int]
    when_empty: str

    def shown(self, query: Query | None, order: int) -> ShownList:
        """Return the records that match, in one of the orders, counted and summed up."""
        records, chosen = self.records, self.orders[order % len(self.orders)]
        counted = f"{len(records):,}"
        if query is not None:
            records = [record for record in records if query.matches(self.text(record))]
            size = human_size(sum(map(self.size, records)))
            counted = f"{len(records):,} of {counted} match {printable_line(query.text)}, {size}"
        if order % len(self.orders):
            records = sorted(records, key=chosen.key)
        when_empty = self.when_empty if query is None else "Nothing here matches the filter."
        return ShownList(f"by {chosen.name}, {counted}", self.columns, RowsOnDemand(records, self.build), when_empty)


SIZE_WIDTH, SHARE_WIDTH = 7, 6
SHARE = TableColumn("share", right=True, width=SHARE_WIDTH)
SIZE = TableColumn("size", right=True, width=SIZE_WIDTH)
PATH = TableColumn("path", is_path=True)


def count_column(title: str, largest: int) -> TableColumn:
    """Return a column of numbers up to the largest one."""
    return TableColumn(title, right=True, width=len(f"{largest:,}"))


def shown_path(path: bytes) -> str:
    """Return an absolute path, safe for a screen."""
    return printable_name(path_text(path))


def layer_title(analysis: SizeAnalysis, layer: int) -> str:
    """Return the instruction of a layer, safe for a screen."""
    return excerpt(analysis.image.step(layer).title)
