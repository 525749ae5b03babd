"""The file tree of one layer: marks, names, sizes, and a trace of each path through the layers."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.message import Message

from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.layered_tree import TreeRow
from layerscope.model.entries import FileEntry, Kind
from layerscope.text import human_size, mode_text, printable_name
from layerscope.tui.drawing.cells import cut, padded
from layerscope.tui.keys.table import Key, bindings
from layerscope.tui.tree.shown_tree import ShownTree
from layerscope.tui.tree.visible_rows import VisibleRows
from layerscope.tui.widgets.line_list import LineList

_INDENT_PART = 5
"""Cells of a line for each level of indentation: deeper levels are not indented further. The complete path is shown
below the tree."""

_SIZE_WIDTH = 8
_BAR_WIDTH = 8
_MOST_TRACE_CELLS = 16
_SHORTEST_NAME = 24
_CHANGE_STYLES = {ChangeKind.ADDED: "added", ChangeKind.MODIFIED: "modified", ChangeKind.REMOVED: "removed"}


_BAR_RANK, _TRACE_RANK, _LAST_ATTRIBUTE_RANK, _SIZE_RANK = 0, 1, 9, 10
"""The order in which columns are left out if a name has no room: first those that are also shown elsewhere."""


class Cell(NamedTuple):
    """A column of a row; the one of the lowest rank is left out first."""

    rank: int
    segments: list[Segment]

    @property
    def width(self) -> int:
        """The width in cells of the screen."""
        return sum(cell_len(segment.text) for segment in self.segments)


class FileTree(LineList):
    """The rows of a tree. Its items are the rows of a `VisibleRows`."""

    KEYS: ClassVar[tuple[Key, ...]] = (
        Key("enter", "choose", "Open the file; unfold or fold the folder", id="tree.choose"),
        Key("space", "toggle_fold", "Unfold or fold the folder", id="tree.toggle"),
        Key("right,l", "open", "Unfold", id="tree.open"),
        Key("left,h", "close", "Fold, or go to the parent", id="tree.close"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(KEYS)
    DEFAULT_CSS = """
    FileTree { height: 1fr; }
    """

    @dataclass
    class Toggled(Message):
        """The folder in a row is to be unfolded, or folded."""

        row: int

    @dataclass
    class Opened(Message):
        """A path that is not a folder is to be opened."""

        node: int

    def __init__(self) -> None:
        super().__init__()
        self._rows: VisibleRows | None = None
        self._columns: tuple[str, ...] = ()
        self.total = 1
        self._marked = True

    @property
    def rows(self) -> VisibleRows | None:
        """The rows of the tree, or None."""
        return self._rows

    @property
    def node(self) -> int | None:
        """The node under the cursor."""
        if self._rows is None or self.cursor >= len(self._rows):
            return None
        return self._rows.nodes[self.cursor]

    def show(self, rows: VisibleRows | None, cursor: int, *, columns: tuple[str, ...], marked: bool) -> None:
        """Show rows, which may still grow. They are marked if ``marked``, that is, if their changes are known."""
        self._rows = rows
        self._columns = columns
        self._marked = marked
        if rows is not None:
            self.total = max(1, self.largest(rows))
        self.refill(cursor)

    def largest(self, rows: VisibleRows) -> int:
        """Return the size that fills a bar: that of the largest path in the root."""
        children = rows.tree.index.children(0)
        return max((rows.tree.size(child, rows.view.layer) for child in children), default=1)

    def size_of(self, row: TreeRow) -> int:
        """Return the content bytes of a file, or of all files below a folder."""
        assert self._rows is not None  # noqa: S101  # there is a row
        return self._rows.tree.size(row.node, self._rows.view.layer)

    def item_count(self) -> int:
        """Return the number of rows."""
        return 0 if self._rows is None else len(self._rows)

    def strip_key(self, item: int) -> object:
        """Return everything that changes how a row looks."""
        assert self._rows is not None  # noqa: S101  # there is a row
        node = self._rows.nodes[item]
        return node, self._rows.is_open(node)

    def draw(self, item: int, line: int, width: int) -> list[Segment]:  # noqa: ARG002  # a row has one line
        """Return the line of a row."""
        assert self._rows is not None  # noqa: S101  # there is a row
        rows, node = self._rows, self._rows.nodes[item]
        row = rows.tree.row(node, rows.view.layer)
        if row is None:
            return []
        cells = [*self._attributes(row.entry), *self.cells(row, width)]
        room = width - 2 - sum(cell.width for cell in cells)
        while cells and room < _SHORTEST_NAME:
            least = min(cells, key=lambda cell: cell.rank)
            cells.remove(least)
            room += least.width
        right = [segment for cell in cells for segment in cell.segments]
        return [*self._mark(row), *self._name_cells(rows, row, room), *right]

    def cells(self, row: TreeRow, width: int) -> list[Cell]:
        """Return the columns after the name: size, bar, trace."""
        size, bar = self._size_cells(row)
        return [Cell(_SIZE_RANK, [size]), Cell(_BAR_RANK, [bar]), Cell(_TRACE_RANK, self._trace(row.node, width))]

    def _mark(self, row: TreeRow) -> list[Segment]:
        style = self._change_style(row.change)
        return [Segment(f"{row.change.mark if self._marked else ' '} ", style)]

    def _change_style(self, change: ChangeKind) -> Style | None:
        name = _CHANGE_STYLES.get(change) if self._marked else None
        return self.style_of(name) if name else None

    def _name_cells(self, rows: VisibleRows, row: TreeRow, width: int) -> list[Segment]:
        entry, glyphs = row.entry, self.glyphs
        indent = "  " * self._indent(rows, row.node)
        folder = rows.is_folder(row.node)
        fold = f"{glyphs.opened if rows.is_open(row.node) else glyphs.closed} " if folder else "  "
        name = printable_name(rows.tree.index.name(row.node)) + ("/" if entry.kind is Kind.DIR else "")
        style = self._change_style(row.change) or (self.style_of("folder") if entry.kind is Kind.DIR else None)
        if row.change is ChangeKind.REMOVED and self._marked:
            style = (style or Style()) + Style(strike=True)
        if rows.is_match(row.node):
            style = (style or Style()) + self.style_of("match")
        lead = indent + fold
        name = cut(name, width - len(lead), glyphs)
        rest = width - len(lead) - cell_len(name)
        link = padded(self.link_text(row), rest, glyphs) if rest > 0 else ""
        return [Segment(lead, self.style_of("muted")), Segment(name, style), Segment(link, self.style_of("muted"))]

    def _indent(self, rows: VisibleRows, node: int) -> int:
        return min(rows.tree.index.depths[node] - 1, self.line_width // _INDENT_PART)

    def link_text(self, row: TreeRow) -> str:
        """Return the text after the name of a link: its target."""
        entry = row.entry
        if entry.link is None:
            return ""
        if entry.kind is Kind.HARDLINK:
            return f" = /{printable_name(entry.link)}"
        return f" {self.glyphs.arrow} {printable_name(entry.link)}"

    def _attributes(self, entry: FileEntry) -> Iterator[Cell]:
        muted = self.style_of("muted")
        for rank, column in enumerate(self._columns):
            yield Cell(_LAST_ATTRIBUTE_RANK - rank, [Segment(f" {_ATTRIBUTES[column](entry)}", muted)])

    def _size_cells(self, row: TreeRow) -> list[Segment]:
        size = self.size_of(row)
        bar = "" if row.change is ChangeKind.REMOVED else self.glyphs.bar(size / self.total, _BAR_WIDTH)
        text = human_size(size) if size or row.entry.kind in (Kind.FILE, Kind.DIR) else ""
        return [Segment(f" {text:>{_SIZE_WIDTH}} "), Segment(f"{bar:<{_BAR_WIDTH}}", self.style_of("bar"))]

    def _trace(self, node: int, width: int) -> list[Segment]:
        """Return one cell for each layer: its change of the path. Of many layers, show those around the chosen one."""
        assert self._rows is not None  # noqa: S101  # there is a row
        tree, chosen = self._rows.tree, self._rows.view.layer
        layers = tree.layers
        cells = min(len(layers), _MOST_TRACE_CELLS, max(4, width // 8))
        at = layers.index(chosen) if chosen in layers else len(layers) - 1
        start = max(0, min(at - cells // 2, len(layers) - cells))
        trace = [Segment(" ")]
        for layer in layers[start : start + cells]:
            style = self._change_style(tree.index.change(node, layer)) or self.style_of("muted")
            trace.append(
                Segment(self._trace_cell(tree, node, layer), style + Style(bold=True) if layer == chosen else style)
            )
        return [*trace, Segment(" ")]

    def _trace_cell(self, tree: ShownTree, node: int, layer: int) -> str:
        change = tree.index.change(node, layer)
        if change is not ChangeKind.UNCHANGED and self._marked:
            return change.mark
        return self.glyphs.touched if tree.index.touches_below(node, layer) else self.glyphs.untouched

    def clicked(self, item: int, event: events.Click) -> None:
        """Unfold or fold the folder if its sign was clicked; do what Enter does on a second click."""
        assert self._rows is not None  # noqa: S101  # a row was clicked
        sign = 2 + 2 * self._indent(self._rows, self._rows.nodes[item])
        if event.chain > 1:
            self.action_choose()
        elif sign <= event.x <= sign + 1:
            self._toggle(item)

    def _toggle(self, row: int) -> None:
        if self._rows is not None and row < len(self._rows) and self._rows.is_folder(self._rows.nodes[row]):
            self.post_message(self.Toggled(row))

    def action_choose(self) -> None:
        """Unfold or fold the folder under the cursor, or open the file."""
        rows, node = self._rows, self.node
        row = rows.tree.row(node, rows.view.layer) if rows is not None and node is not None else None
        if row is not None and row.entry.kind is not Kind.DIR:
            self.post_message(self.Opened(row.node))
        else:
            self._toggle(self.cursor)

    def action_toggle_fold(self) -> None:
        """Unfold the folder under the cursor, or fold it."""
        self._toggle(self.cursor)

    def action_open(self) -> None:
        """Unfold the folder under the cursor, or go to the first row of an unfolded one."""
        rows, node = self._rows, self.node
        if rows is None or node is None or not rows.is_folder(node):
            return
        if not rows.is_open(node):
            self._toggle(self.cursor)
        elif self.cursor + 1 < len(rows) and rows.tree.index.parents[rows.nodes[self.cursor + 1]] == node:
            self.move_to(self.cursor + 1)

    def action_close(self) -> None:
        """Fold the folder under the cursor, or go to the folder of any other row."""
        rows, node = self._rows, self.node
        if rows is None or node is None:
            return
        if rows.is_folder(node) and rows.is_open(node):
            self._toggle(self.cursor)
            return
        parent = rows.tree.index.parents[node]
        row = rows.row_of(parent) if parent else None
        if row is not None:
            self.move_to(row)


def owner_text(entry: FileEntry) -> str:
    """Return the owner as ``root:root``, or the numbers where it is not root."""
    return ":".join("root" if number == 0 else str(number) for number in (entry.uid, entry.gid))


def time_text(mtime: int, form: str = "%Y-%m-%d %H:%M") -> str:
    """Return a time in UTC, or the number where no calendar has it."""
    try:
        return datetime.fromtimestamp(mtime, UTC).strftime(form)
    except (OverflowError, OSError, ValueError):
        return f"@{mtime}"


_ATTRIBUTES = {
    "mode": lambda entry: mode_text(entry.kind.letter, entry.mode),
    "owner": lambda entry: f"{owner_text(entry):>11}",
    "mtime": lambda entry: f"{time_text(entry.mtime) if entry.row is not None else '':>16}",
    "layer": lambda entry: f"by {entry.layer:<3}",
}
