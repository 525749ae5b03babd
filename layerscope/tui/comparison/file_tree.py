"""The tree of a comparison: marks, names, what differs, and by how many bytes each path and folder grew."""

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
"""What goes first where a name has no room; the columns that were asked for stand in the middle."""


class DiffFileTree(FileTree):
    """The rows are those of a diff, its sizes those after it."""

    def largest(self, rows: VisibleRows) -> int:
        """Return what fills a bar: the largest change at the top."""
        tree = _diff_rows(rows).diff_tree
        return max((abs(tree.delta(child)) for child in tree.index.children(0)), default=1)

    def cells(self, row: TreeRow, width: int) -> list[Cell]:
        """Return what stands behind a name: the size, what differs, by how much it grew, a bar of that."""
        delta = _diff_rows(self.rows).diff_tree.delta(row.node)
        size = human_size(self.size_of(row)) if self._has_size(row) else ""
        style = self.style_of("removed" if delta < 0 else "added")
        bar = self.glyphs.bar(abs(delta) / self.total, _BAR_WIDTH)
        muted, room = self.style_of("muted"), _WIDEST_WHAT if width >= _WIDE else _WHAT_WIDTH
        return [
            Cell(_SIZE_RANK, [Segment(f" {size:>{_SIZE_WIDTH}}", muted)]),
            Cell(_WHAT_RANK, [Segment(f" {self._what(row):<{room}}", muted)]),
            Cell(_DELTA_RANK, [Segment(f" {signed_size(delta) if delta else '':>{_DELTA_WIDTH}}", style)]),
            Cell(_BAR_RANK, [Segment(f" {bar:<{_BAR_WIDTH}} ", style)]),
        ]

    def _has_size(self, row: TreeRow) -> bool:
        """Tell whether a size is worth a word: what a layer holds itself has none for its folders."""
        if row.entry.kind is Kind.DIR:
            return not _diff_rows(self.rows).diff_tree.diff.pairing.new.state.own
        return row.entry.kind is Kind.FILE or self.size_of(row) > 0

    def _what(self, row: TreeRow) -> str:
        """Return what differs about a path, and, for a folder, how many paths below it differ."""
        tree = _diff_rows(self.rows).diff_tree
        words = [", ".join(tree.aspects(row.node).words)] if row.change is ChangeKind.MODIFIED else []
        totals = tree.totals.get(row.node)
        if totals is not None:
            counts = (("+", totals.added), ("~", totals.modified), ("-", totals.removed))
            words += [f"{mark}{count:,}" for mark, count in counts if count]
        return " ".join(words)

    def link_text(self, row: TreeRow) -> str:
        """Return where a file went to or came from, or what it links to."""
        other = _diff_rows(self.rows).moves.get(row.node)
        if other is None:
            return super().link_text(row)
        words = "moved to" if row.change is ChangeKind.REMOVED else "moved from"
        return f"  {words} /{printable_name(other)}"


def _diff_rows(rows: VisibleRows | None) -> DiffRows:
    assert isinstance(rows, DiffRows)  # noqa: S101  # a comparison shows no others
    return rows
