"""The file tree of one layer: marks, names, sizes, and a trace of each path through the layers."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.message import Message

from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.layered_tree import TreeRow
from layerscope.model.entries import Kind
from layerscope.text import human_size, printable_name
from layerscope.tui.drawing.cells import cut, cut_middle, padded
from layerscope.tui.keys.table import Key, bindings
from layerscope.tui.tree.attributes import ATTRIBUTES
from layerscope.tui.tree.columns import TraceLayers, TreeColumn, fit_columns, trace_layers, trace_numbers
from layerscope.tui.tree.shown_tree import ShownTree
from layerscope.tui.tree.visible_rows import VisibleRows
from layerscope.tui.widgets.line_list import LineList
from layerscope.tui.widgets.notices import warn

_INDENT = "  "
_INDENT_PART = 4
"""Cells of the name's column for each level of indentation: deeper levels are not indented further. The complete path
is shown below the tree."""

NAME_SHARE = 0.45
"""The part of a line that the name has before bars grow."""

_SIZE_WIDTH = 10
_BAR_WIDTH, _WIDEST_BAR = 9, 33
_SHORTEST_TRACE, _TRACE_ENDS = 8, 2
_MARK_WIDTH = 2
_CHANGE_STYLES = {ChangeKind.ADDED: "added", ChangeKind.MODIFIED: "modified", ChangeKind.REMOVED: "removed"}

_BAR_RANK, _TRACE_RANK, _LAST_ATTRIBUTE_RANK, _SIZE_RANK = 0, 1, 9, 10
"""The order in which columns are left out if a name has no room: first those that are also shown elsewhere."""


class FileTree(LineList):
    """The rows of a tree. Its items are the rows of a `VisibleRows`."""

    KEYS: ClassVar[tuple[Key, ...]] = (
        Key("enter", "choose", "open", "Open the file; unfold or fold the folder", id="tree.choose", rank=35),
        Key("space", "toggle_fold", "Unfold or fold the folder", id="tree.toggle"),
        Key("right,l", "open", "Unfold, then go in", id="tree.open"),
        Key("left,h", "close", "Fold, then go to the parent, then back", id="tree.close"),
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

    class Fitted(Message):
        """The columns have another width."""

    class Left(Message):
        """The cursor is in a top row, and is to go back from there."""

    @dataclass
    class LayerChosen(Message):
        """The cell of a layer in the trace was clicked."""

        layer: int

    def __init__(self) -> None:
        super().__init__()
        self._rows: VisibleRows | None = None
        self._attributes: tuple[str, ...] = ()
        self._widths: Mapping[str, int] = {}
        self._name_width = 0
        self._longest_name = 0
        self._trace_layers = TraceLayers(())
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
        return self._rows[self.cursor]

    @property
    def shown_columns(self) -> tuple[str, ...]:
        """The columns that have room beside the names."""
        return tuple(self._widths)

    def show(
        self,
        rows: VisibleRows | None,
        cursor: int,
        *,
        columns: tuple[str, ...],
        marked: bool,
        top: int | None = None,
    ) -> None:
        """Show rows, which may still grow, from the ``top`` on if the cursor allows it.

        They are marked if ``marked``, that is, if their changes are known.
        """
        self._rows = rows
        self._attributes = columns
        self._marked = marked
        if rows is not None:
            self.total = max(1, self.largest(rows))
        self.refill(cursor)
        if top is not None:
            self.scroll_back(top)
        self._longest_name = 0
        self._fit()

    def _fit(self) -> None:
        """Find the columns for which the lines have room beside the names that are, or were, on the screen."""
        if self._rows is None:
            return
        lengths = (self._name_length(self._rows, row) for row in self._rows_on_screen(self._rows))
        self._longest_name = max([self._longest_name, *lengths])
        self._widths = fit_columns(self.columns(), self.line_width - _MARK_WIDTH, self._longest_name)
        self._name_width = self.line_width - _MARK_WIDTH - sum(self._widths.values())
        cells = self._widths.get("trace", 0) - _TRACE_ENDS
        self._trace_layers = trace_layers(self._rows.tree.layers, self._rows.view.layer, max(0, cells))

    def _rows_on_screen(self, rows: VisibleRows) -> Iterator[TreeRow]:
        top, height = self.scroll_offset.y, self.size.height
        for item in range(top, min(top + height, len(rows))):
            row = rows.tree.row(rows[item], rows.view.layer)
            if row is not None:
                yield row

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Make room for the names that come onto the screen."""
        super().watch_scroll_y(old_value, new_value)
        before = self._widths
        self._fit()
        if self._widths != before:
            self._strips.clear()
            self.refresh()
            self.post_message(self.Fitted())

    def on_resize(self) -> None:
        """Fit the columns to the new width."""
        self._longest_name = 0
        self._fit()
        super().on_resize()
        self.post_message(self.Fitted())

    def largest(self, rows: VisibleRows) -> int:
        """Return the size that fills a bar: that of the largest path in the root."""
        return max(map(rows.size, rows.children(0)), default=1)

    def item_count(self) -> int:
        """Return the number of rows."""
        return 0 if self._rows is None else len(self._rows)

    def strip_key(self, item: int) -> object:
        """Return everything that changes how a row looks."""
        assert self._rows is not None  # noqa: S101  # there is a row
        node = self._rows[item]
        return node, self._rows.is_open(node)

    def draw(self, item: int, line: int, width: int) -> list[Segment]:  # noqa: ARG002  # a row has one line
        """Return the line of a row."""
        assert self._rows is not None  # noqa: S101  # there is a row
        rows, node = self._rows, self._rows[item]
        row = rows.tree.row(node, rows.view.layer)
        if row is None:
            return []
        right = [segment for name, cells in self._widths.items() for segment in self.cell(name, row, cells)]
        missing = self._name_length(rows, row) + cell_len(self.link_text(row)) - self._name_width
        taken = max(0, min(missing, _blank_cells(right) - 1))
        return [*self._mark(row), *self._name_cells(rows, row, self._name_width + taken), *_without(right, taken)]

    def columns(self) -> Iterator[TreeColumn]:
        """Yield the columns after the name: attributes, size, bar, trace."""
        assert self._rows is not None  # noqa: S101  # only rows have columns
        yield from self.attribute_columns()
        yield TreeColumn("size", "size", _SIZE_RANK, _SIZE_WIDTH, _SIZE_WIDTH)
        yield TreeColumn("bar", "", _BAR_RANK, _BAR_WIDTH, _WIDEST_BAR, name_share=NAME_SHARE)
        layers = len(self._rows.tree.layers) + _TRACE_ENDS
        yield TreeColumn("trace", "", _TRACE_RANK, min(layers, _SHORTEST_TRACE), layers)

    def attribute_columns(self) -> Iterator[TreeColumn]:
        """Yield the columns of attributes that the user has chosen."""
        for rank, name in enumerate(self._attributes):
            attribute = ATTRIBUTES[name]
            yield TreeColumn(name, attribute.title, _LAST_ATTRIBUTE_RANK - rank, attribute.width, attribute.width)

    def cell(self, name: str, row: TreeRow, width: int) -> list[Segment]:
        """Return the cell of a column, as wide as it is, with the space before it."""
        match name:
            case "size":
                return [Segment(f"{self._size_text(row):>{width}}")]
            case "bar":
                return [Segment(" "), *self._bar(row, width - 1)]
            case "trace":
                return self._trace(row.node)
            case _:
                text = cut(ATTRIBUTES[name].text(row.entry), width - 1, self.glyphs)
                return [Segment(f"{text:>{width}}", self.style_of("muted"))]

    def header(self) -> list[Segment]:
        """Return the line of titles: the names of the columns, and the numbers of the layers in the trace."""
        muted = self.style_of("muted")
        if self._rows is None:
            return []
        room = self.line_width - sum(self._widths.values())
        titles = {
            column.name: f"{column.title:{column.align}{self._widths.get(column.name, 0)}}" for column in self.columns()
        }
        segments = [Segment(" " * room, muted)]
        for name in self._widths:
            segments += self._numbers() if name == "trace" else [Segment(titles[name], muted)]
        return segments

    def _numbers(self) -> list[Segment]:
        """Return the numbers above the trace, that of the chosen layer highlighted."""
        assert self._rows is not None  # noqa: S101  # there is a header
        muted, shown, chosen = self.style_of("muted"), self._trace_layers, self._rows.view.layer
        numbers = trace_numbers(shown.layers, chosen)
        before, label, after = numbers, "", ""
        if chosen in shown.layers:
            label, column = str(chosen), shown.layers.index(chosen)
            start = max(0, column + 1 - len(label))
            before, after = numbers[:start], numbers[start + len(label) :]
        return [
            Segment(self.glyphs.before if shown.is_cut_before else " ", muted),
            Segment(before, muted),
            Segment(label, self.style_of("chosen-number")),
            Segment(after, muted),
            Segment(self.glyphs.after if shown.is_cut_after else " ", muted),
        ]

    def _mark(self, row: TreeRow) -> list[Segment]:
        style = self._change_style(row.change)
        return [Segment(f"{row.change.mark if self._marked else ' '} ", style)]

    def _change_style(self, change: ChangeKind) -> Style | None:
        name = _CHANGE_STYLES.get(change) if self._marked else None
        return self.style_of(name) if name else None

    def _name_length(self, rows: VisibleRows, row: TreeRow) -> int:
        """Return the cells that a name takes with its indentation."""
        levels = min(rows.tree.index.depths[row.node], self.line_width // _INDENT_PART)
        return len(_INDENT) * levels + cell_len(self._shown_name(rows, row))

    def _name_cells(self, rows: VisibleRows, row: TreeRow, width: int) -> list[Segment]:
        entry, glyphs = row.entry, self.glyphs
        folder = rows.is_folder(row.node)
        fold = f"{glyphs.opened if rows.is_open(row.node) else glyphs.closed} " if folder else _INDENT
        style = self._change_style(row.change) or (self.style_of("folder") if entry.kind is Kind.DIR else None)
        if row.change is ChangeKind.REMOVED and self._marked:
            style = (style or Style()) + Style(strike=True)
        if rows.is_match(row.node):
            style = (style or Style()) + self.style_of("match")
        lead = _INDENT * self._indent(rows, row.node) + fold
        name = cut_middle(self._shown_name(rows, row), max(0, width - len(lead)), glyphs)
        rest = width - len(lead) - cell_len(name)
        link = padded(self.link_text(row), rest, glyphs) if rest > 0 else ""
        return [Segment(lead, self.style_of("muted")), Segment(name, style), Segment(link, self.style_of("muted"))]

    def _shown_name(self, rows: VisibleRows, row: TreeRow) -> str:
        return printable_name(rows.tree.index.name(row.node)) + ("/" if row.entry.kind is Kind.DIR else "")

    def _indent(self, rows: VisibleRows, node: int) -> int:
        return min(rows.tree.index.depths[node] - 1, self._name_width // _INDENT_PART)

    def link_text(self, row: TreeRow) -> str:
        """Return the text after the name of a link: its target."""
        entry = row.entry
        if entry.link is None:
            return ""
        if entry.kind is Kind.HARDLINK:
            return f" = /{printable_name(entry.link)}"
        return f" {self.glyphs.arrow} {printable_name(entry.link)}"

    def _size_text(self, row: TreeRow) -> str:
        assert self._rows is not None  # noqa: S101  # there is a row
        size = self._rows.size(row.node)
        has_size = row.entry.kind in (Kind.FILE, Kind.DIR) and row.change is not ChangeKind.REMOVED
        return human_size(size) if size or has_size else ""

    def _bar(self, row: TreeRow, width: int) -> Iterator[Segment]:
        assert self._rows is not None  # noqa: S101  # there is a row
        size = 0 if row.change is ChangeKind.REMOVED else self._rows.size(row.node)
        return self.bar(size / self.total, 0, width)

    def _trace(self, node: int) -> list[Segment]:
        """Return one cell for each layer: its change of the path. Of many layers, show those around the chosen one."""
        assert self._rows is not None  # noqa: S101  # there is a row
        tree, chosen = self._rows.tree, self._rows.view.layer
        trace = [Segment(" ")]
        for layer in self._trace_layers.layers:
            style = self._change_style(tree.index.change(node, layer)) or self.style_of("muted")
            style = style + self.style_of("chosen") if layer == chosen else style
            trace.append(Segment(self._trace_cell(tree, node, layer), style))
        return [*trace, Segment(" ")]

    def layer_at(self, x: int) -> int | None:
        """Return the layer whose cell of the trace is in a column of the screen, or None."""
        column = x - self.line_width + 1
        for name, width in reversed(list(self._widths.items())):
            if name == "trace":
                cell = column + width - 2
                return self._trace_layers.layers[cell] if 0 <= cell < len(self._trace_layers.layers) else None
            column += width
        return None

    def choose_layer_at(self, x: int) -> bool:
        """Post `LayerChosen` if the trace has a cell in that column; return whether it has."""
        layer = self.layer_at(x)
        if layer is not None:
            self.post_message(self.LayerChosen(layer))
        return layer is not None

    def _trace_cell(self, tree: ShownTree, node: int, layer: int) -> str:
        change = tree.index.change(node, layer)
        if change is not ChangeKind.UNCHANGED and self._marked:
            return change.mark
        return self.glyphs.touched if tree.index.touches_below(node, layer) else self.glyphs.untouched

    def clicked(self, item: int, event: events.Click) -> None:
        """Go to the layer, or unfold or fold the folder, if that was clicked; do what Enter does on a second click."""
        assert self._rows is not None  # noqa: S101  # a row was clicked
        sign = 2 + 2 * self._indent(self._rows, self._rows[item])
        if self.choose_layer_at(event.x):
            return
        if event.chain > 1:
            self.action_choose()
        elif sign <= event.x <= sign + 1:
            self._toggle(item)

    def _toggle(self, row: int) -> None:
        if self._rows is not None and row < len(self._rows) and self._rows.is_folder(self._rows[row]):
            self.post_message(self.Toggled(row))

    def action_choose(self) -> None:
        """Unfold or fold the folder under the cursor, or open the file."""
        rows, node = self._rows, self.node
        row = rows.tree.row(node, rows.view.layer) if rows is not None and node is not None else None
        if row is not None and row.entry.kind is not Kind.DIR:
            self.post_message(self.Opened(row.node))
        else:
            self.action_toggle_fold()

    def action_toggle_fold(self) -> None:
        """Unfold the folder under the cursor, or fold it."""
        rows, node = self._rows, self.node
        if rows is not None and node is not None and not rows.is_folder(node):
            warn(self, "There is nothing below this path to unfold.")
        else:
            self._toggle(self.cursor)

    def action_open(self) -> None:
        """Unfold the folder under the cursor, go to the first row of an unfolded one, or open the file."""
        rows, node = self._rows, self.node
        if rows is None or node is None:
            return
        if not rows.is_folder(node):
            self.action_choose()
            return
        if not rows.is_open(node):
            self._toggle(self.cursor)
        elif self.cursor + 1 < len(rows) and rows.tree.index.parents[rows[self.cursor + 1]] == node:
            self.move_to(self.cursor + 1)

    def action_close(self) -> None:
        """Fold the folder under the cursor, go to the folder of any other row, or back from a top row."""
        rows, node = self._rows, self.node
        if rows is None or node is None:
            self.post_message(self.Left())
            return
        if rows.is_folder(node) and rows.is_open(node):
            self._toggle(self.cursor)
            return
        parent = rows.tree.index.parents[node]
        row = rows.row_of(parent) if parent else None
        if row is not None:
            self.move_to(row)
        else:
            self.post_message(self.Left())


def _blank_cells(segments: Iterable[Segment]) -> int:
    """Return the number of cells without any text at the start of a line."""
    text = "".join(segment.text for segment in segments)
    return len(text) - len(text.lstrip(" "))


def _without(segments: Iterable[Segment], blank_cells: int) -> Iterator[Segment]:
    """Yield segments without so many of their first cells, which are blank."""
    for segment in segments:
        yield Segment(segment.text[blank_cells:], segment.style)
        blank_cells = max(0, blank_cells - len(segment.text))
