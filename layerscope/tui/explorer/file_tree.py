"""The file tree of one layer: sizes, and a trace of each path through the layers."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import add, neg

from rich.segment import Segment
from textual.message import Message

from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.layered_tree import LayeredTree, TreeRow
from layerscope.model.entries import Kind
from layerscope.text import human_size
from layerscope.tui.tree.columns import TraceLayers, TreeColumn, trace_layers, trace_numbers
from layerscope.tui.tree.file_tree import NAME_SHARE, FileTree
from layerscope.tui.tree.view import Folds, View
from layerscope.tui.tree.visible_rows import VisibleRows

_SIZE_WIDTH = 10
_BAR_WIDTH, _WIDEST_BAR = 9, 33
_SHORTEST_TRACE, _TRACE_ENDS = 8, 2

_BAR_RANK, _TRACE_RANK, _HIDDEN_RANK, _SIZE_RANK = 0, 1, 10, 11
"""Columns with the lowest rank are left out first if a name has no room: they are also shown elsewhere."""


class LayerFileTree(FileTree):
    """A file tree after a layer, or of what it changed."""

    @dataclass
    class LayerChosen(Message):
        """The cell of a layer in the trace was clicked."""

        layer: int

    def columns(self) -> Iterator[TreeColumn]:
        """Yield the columns after the name: attributes, size, bar, trace."""
        yield from self.attribute_columns()
        yield TreeColumn("size", "size", _SIZE_RANK, _SIZE_WIDTH, _SIZE_WIDTH)
        if self.knows_changes and next(self._shown_rows.whole_hidden_sizes((0,))):
            yield TreeColumn("hidden", "hides", _HIDDEN_RANK, _SIZE_WIDTH, _SIZE_WIDTH)
        yield TreeColumn("bar", "", _BAR_RANK, _BAR_WIDTH, _WIDEST_BAR, name_share=NAME_SHARE)
        layers = len(self._shown_rows.tree.layers) + _TRACE_ENDS
        yield TreeColumn("trace", "", _TRACE_RANK, min(layers, _SHORTEST_TRACE), layers, name_most=NAME_SHARE)

    def cell(self, name: str, row: TreeRow, width: int) -> list[Segment]:
        match name:
            case "size":
                return [Segment(f"{self._size_text(row):>{width}}")]
            case "hidden":
                hidden = self._shown_rows.hidden_size(row.node)
                return [Segment(f"{human_size(-hidden) if hidden else '':>{width}}", self.style_of("muted"))]
            case "bar":
                size = 0 if row.change is ChangeKind.REMOVED else self._shown_rows.size(row.node)
                hidden = self._shown_rows.hidden_size(row.node) if "hidden" in self._widths else 0
                dead = min(size, self._shown_rows.dead_size(row.node)) if size else 0
                return [Segment(" "), *self.bar((size - dead) / self.total, (hidden + dead) / self.total, width - 1)]
            case "trace":
                return self._trace(row.node, width)
            case _:
                return super().cell(name, row, width)

    def largest(self, rows: VisibleRows) -> int:
        """Return the size that fills a bar: that of the largest path in the root, with what the layer hid there."""
        return max((rows.size(node) + rows.hidden_size(node) for node in rows.children(0)), default=1)

    @property
    def _shown_rows(self) -> VisibleRows:
        assert self.rows is not None  # noqa: S101  # only rows have columns
        return self.rows

    def _size_text(self, row: TreeRow) -> str:
        size = self._shown_rows.size(row.node)
        has_size = row.entry.kind in (Kind.FILE, Kind.DIR) and row.change is not ChangeKind.REMOVED
        return human_size(size) if size or has_size else ""

    def _trace_layers(self, width: int) -> TraceLayers:
        """Return the layers that have a cell in a trace: of many, those around the chosen one."""
        rows = self._shown_rows
        return trace_layers(rows.tree.layers, rows.view.layer, max(0, width - _TRACE_ENDS))

    def _trace(self, node: int, width: int) -> list[Segment]:
        """Return one cell for each layer: its change of the path."""
        chosen, index = self._shown_rows.view.layer, self._shown_rows.tree.index
        trace = [Segment(" ")]
        for layer in self._trace_layers(width).layers:
            style = self.change_style(index.change(node, layer)) or self.style_of("muted")
            style = style + self.style_of("chosen") if layer == chosen else style
            trace.append(Segment(self._trace_cell(node, layer), style))
        return [*trace, Segment(" ")]

    def _trace_cell(self, node: int, layer: int) -> str:
        index = self._shown_rows.tree.index
        change = index.change(node, layer)
        if change is not ChangeKind.UNCHANGED and self.knows_changes:
            return change.mark
        return self.glyphs.touched if index.touches_below(node, layer) else self.glyphs.untouched

    def title(self, name: str, text: str) -> list[Segment]:
        """Return the title of a column; the trace has the numbers of its layers, that of the chosen one highlighted."""
        if name != "trace":
            return super().title(name, text)
        muted, shown, chosen = self.style_of("muted"), self._trace_layers(len(text)), self._shown_rows.view.layer
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

    def column_clicked(self, x: int) -> bool:
        """Post `LayerChosen` if the trace has the cell of a layer there; return whether it has."""
        layer = self._layer_at(x)
        if layer is not None:
            self.post_message(self.LayerChosen(layer))
        return layer is not None

    def _layer_at(self, x: int) -> int | None:
        """Return the layer whose cell of the trace is in a column of the screen, or None."""
        name, cell = self.column_at(x)
        layers = self._trace_layers(self._widths[name]).layers if name == "trace" else ()
        # a space comes before the cells
        return layers[cell - 1] if 0 < cell <= len(layers) else None


class OwnRows(VisibleRows):
    """`VisibleRows` with the sizes that the layer itself wrote, and those that it hid."""

    def __init__(self, tree: LayeredTree, view: View, folds: Folds) -> None:
        super().__init__(tree, view, folds)
        self._layered_tree = tree

    def whole_sizes(self, nodes: Iterable[int]) -> Iterator[int]:
        """Yield the bytes that the layer wrote at each node, or below it."""
        return self._layered_tree.written_sizes(nodes, self.view.layer)

    def whole_hidden_sizes(self, nodes: Iterable[int]) -> Iterator[int]:
        """Yield the bytes of previous layers that the layer hid at each node, or below it."""
        return self._layered_tree.hidden_sizes(nodes, self.view.layer)

    def _ranks(self, nodes: Iterable[int]) -> Iterator[int]:
        """Yield the numbers by which nodes are sorted by size: first those with the most bytes written or hidden."""
        nodes = [*nodes]
        return map(neg, map(add, self._sizes(nodes), self._hidden_sizes(nodes)))
