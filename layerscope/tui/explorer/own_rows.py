"""The rows of what one layer holds itself."""

from collections.abc import Iterable, Iterator

from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.tui.tree.view import Folds, View
from layerscope.tui.tree.visible_rows import VisibleRows


class OwnRows(VisibleRows):
    """`VisibleRows` with the sizes that the layer itself wrote."""

    def __init__(self, tree: LayeredTree, view: View, folds: Folds) -> None:
        super().__init__(tree, view, folds)
        self._layered_tree = tree

    def whole_sizes(self, nodes: Iterable[int]) -> Iterator[int]:
        """Yield the bytes that the layer wrote at each node, or below it."""
        return self._layered_tree.written_sizes(nodes, self.view.layer)
