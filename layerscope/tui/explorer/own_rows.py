"""The rows of what one layer holds itself."""

from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.tui.tree.visible_rows import Folds, View, VisibleRows


class OwnRows(VisibleRows):
    """`VisibleRows` with the sizes that the layer itself wrote."""

    def __init__(self, tree: LayeredTree, view: View, folds: Folds) -> None:
        super().__init__(tree, view, folds)
        self._layered_tree = tree

    def _whole_size(self, node: int) -> int:
        return self._layered_tree.written_size(node, self.view.layer)
