"""The tree of a comparison: marks, names, differences, and by how many bytes each path and folder grew."""

from rich.segment import Segment

from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.layered_tree import TreeRow
from layerscope.model.entries import Kind
from layerscope.text import human_size, printable_name, signed_size
from layerscope.tui.comparison.rows import DiffRows
from layerscope.tui.tree.file_tree import Cell, FileTree
from layerscope.tui.tree.visible_rows import VisibleRows

_SIZE_WIDTH = 8
_DELTA_WIDTH = 9
_BAR_WIDTH = 8
_WHAT_WIDTH, _WIDEST_WHAT, _WIDE = 14, 24, 100
_SIZE_RANK, _BAR_RANK, _WHAT_RANK, _DELTA_RANK = 0, 1, 20, 21
"""The columns with the lowest rank are dropped first to make room for the name."""


class DiffFileTree(FileTree):
    """A file tree whose rows are those of a comparison, with the sizes of the new side."""

    def largest(self, rows: VisibleRows) -> int:
        """Return the size of a full bar: that of the largest change at the top level."""
        tree = _diff_rows(rows).diff_tree
        return max((abs(tree.delta(child)) for child in tree.index.children(0)), default=1)

    def cells(self, row: TreeRow, width: int) -> list[Cell]:
        """Return the columns after the name: size, differences, growth, and a bar of the growth."""
        delta = _diff_rows(self.rows).diff_tree.delta(row.node)
        size = human_size(self.size_of(row)) if self._has_size(row) else ""
        style = self.style_of("removed" if delta < 0 else "added")
        bar = self.glyphs.bar(abs(delta) / self.total, _BAR_WIDTH)
        muted, room = self.style_of("muted"), _WIDEST_WHAT if width >= _WIDE else _WHAT_WIDTH
        return [
            Cell(_SIZE_RANK, [Segment(f" {size:>{_SIZE_WIDTH}}", muted)]),
            Cell(_WHAT_RANK, [Segment(f" {self._differences(row):<{room}}", muted)]),
            Cell(_DELTA_RANK, [Segment(f" {signed_size(delta) if delta else '':>{_DELTA_WIDTH}}", style)]),
            Cell(_BAR_RANK, [Segment(f" {bar:<{_BAR_WIDTH}} ", style)]),
        ]

    def _has_size(self, row: TreeRow) -> bool:
        """Return whether a row shows a size: a folder has none if only one layer is shown."""
        if row.entry.kind is Kind.DIR:
            return not _diff_rows(self.rows).diff_tree.diff.pairing.new.state.own
        return row.entry.kind is Kind.FILE or self.size_of(row) > 0

    def _differences(self, row: TreeRow) -> str:
        """Return the attributes of a path that differ, and for a folder the number of paths below it that do."""
        tree = _diff_rows(self.rows).diff_tree
        words = ["?"] if row.node in _diff_rows(self.rows).uncertain else []
        words += [", ".join(tree.aspects(row.node).words)] if row.change is ChangeKind.MODIFIED else []
        totals = tree.totals.get(row.node)
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
