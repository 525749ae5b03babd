"""The rows of a diff that a view shows, those first that grew or shrank the most."""

from layerscope.analysis.diff_tree import DiffTree
from layerscope.analysis.visible_rows import Folds, View, VisibleRows


class DiffRows(VisibleRows):
    """As `VisibleRows`, for a view of the layer AFTER; to sort by size is to sort by the size of the change."""

    def __init__(self, tree: DiffTree, view: View, folds: Folds) -> None:
        super().__init__(tree, view, folds)
        self.diff_tree = tree

    def _largest_first(self, node: int) -> int:
        return -abs(self.diff_tree.delta(node))
