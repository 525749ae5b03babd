"""The rows of what one layer holds itself."""

from collections.abc import Iterable, Iterator
from operator import add, neg

from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.tui.tree.view import Folds, View
from layerscope.tui.tree.visible_rows import VisibleRows


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
