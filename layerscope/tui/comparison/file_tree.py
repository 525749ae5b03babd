"""The tree of a comparison: marks, names, differences, and by how many bytes each path and folder grew."""

from collections.abc import Iterator

from rich.segment import Segment

from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.layered_tree import TreeRow
from layerscope.model.entries import Kind
from layerscope.text import human_size, printable_name, signed_size
from layerscope.tui.comparison.rows import DiffRows
from layerscope.tui.drawing.cells import padded
from layerscope.tui.tree.columns import TreeColumn
from layerscope.tui.tree.file_tree import NAME_SHARE, FileTree
from layerscope.tui.tree.visible_rows import VisibleRows

_SIZE_WIDTH, _DELTA_WIDTH = 9, 11
_BAR_WIDTH, _WIDEST_BAR, _BAR_YIELDS = 9, 17, 5
_WHAT_WIDTH, _WIDEST_WHAT = 15, 25
_SIZE_RANK, _BAR_RANK, _WHAT_RANK, _DELTA_RANK = 0, 1, 20, 21
"""The columns with the lowest rank are dropped first to make room for the name."""


class DiffFileTree(FileTree):
    """A file tree whose rows are those of a comparison, with the sizes of the new side."""

    def largest(self, rows: VisibleRows) -> int:
        """Return the size of a full bar: that of the larger one of the two states."""
        return _diff_rows(rows).diff_tree.whole_size

    def columns(self) -> Iterator[TreeColumn]:
        """Yield the columns after the name: attributes, size, differences, growth, and a bar of the growth."""
        yield from self.attribute_columns()
        yield TreeColumn("size", "size", _SIZE_RANK, _SIZE_WIDTH, _SIZE_WIDTH)
        yield TreeColumn("what", "  changes", _WHAT_RANK, _WHAT_WIDTH, _WIDEST_WHAT, "<")
        yield TreeColumn("delta", "growth ", _DELTA_RANK, _DELTA_WIDTH, _DELTA_WIDTH)
        has_bars = _diff_rows(self.rows).draws_bars
        yield TreeColumn(
            "bar", "", _BAR_RANK, _BAR_WIDTH, _WIDEST_BAR, "<", NAME_SHARE, is_empty=not has_bars, yields=_BAR_YIELDS
        )

    def cell(self, name: str, row: TreeRow, width: int) -> list[Segment]:
        """Return the cell of a column, as wide as it is, with the space before it."""
        delta, muted = _diff_rows(self.rows).delta(row.node), self.style_of("muted")
        change = "removed" if delta < 0 else "added"
        match name:
            case "size":
                size = human_size(self._size_of(row)) if self._has_size(row) else ""
                return [Segment(f"{size:>{width}}", muted)]
            case "what":
                return [Segment(padded(f"  {self._differences(row)}", width, self.glyphs), muted)]
            case "delta":
                return [Segment(f"{signed_size(delta) if delta else '':>{width - 1}} ", self.style_of(change))]
            case "bar":
                return [*self.bar(abs(delta) / self.total, 0, width - 1, change), Segment(" ")]
            case _:
                return super().cell(name, row, width)

    def _size_of(self, row: TreeRow) -> int:
        return _diff_rows(self.rows).size(row.node)

    def _has_size(self, row: TreeRow) -> bool:
        """Return whether a row shows a size: a folder has none if only one layer is shown."""
        if row.entry.kind is Kind.DIR:
            return not _diff_rows(self.rows).diff_tree.diff.pairing.new.state.own
        return row.entry.kind is Kind.FILE or self._size_of(row) > 0

    def _differences(self, row: TreeRow) -> str:
        """Return the attributes of a path that differ, and for a folder the number of paths below it that do."""
        tree = _diff_rows(self.rows).diff_tree
        words = ["?"] if row.node in _diff_rows(self.rows).uncertain else []
        words += [", ".join(tree.aspects(row.node).words)] if row.change is ChangeKind.MODIFIED else []
        totals = _diff_rows(self.rows).totals.get(row.node)
        if totals is not None:
            counts = (("+", totals.added), ("~", totals.modified), ("-", totals.removed))
            words += [f"{mark}{count:,}" for mark, count in counts if count]
        return " ".join(words)

    def link_text(self, row: TreeRow) -> str:
        """Return the path that a file was moved to or from, or the target of a link."""
        move = _diff_rows(self.rows).moves.get(row.node)
        if move is None:
            return super().link_text(row)
        words = "moved to" if row.change is ChangeKind.REMOVED else "moved from"
        return f"  {words} /{printable_name(move)}"


def _diff_rows(rows: VisibleRows | None) -> DiffRows:
    assert isinstance(rows, DiffRows)  # noqa: S101  # a comparison has no other rows
    return rows
