"""The rows of a diff that a view shows, those first that grew or shrank the most."""

from collections.abc import Mapping

from layerscope.analysis.comparison.diff_tree import DiffTree
from layerscope.tui.tree.visible_rows import Folds, View, VisibleRows


class DiffRows(VisibleRows):
    """As `VisibleRows`, for a view of the layer AFTER; to sort by size is to sort by the size of the change.

    ``moves`` gives, by node, the path that a file came from or went to; it may be filled later.
    """

    def __init__(self, tree: DiffTree, view: View, folds: Folds, moves: Mapping[int, bytes] | None = None) -> None:
        super().__init__(tree, view, folds)
        self.diff_tree = tree
        self.moves = {} if moves is None else moves

    def _largest_first(self, node: int) -> int:
        return -abs(self.diff_tree.delta(node))
