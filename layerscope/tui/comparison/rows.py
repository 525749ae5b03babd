"""The visible rows of a comparison."""

from collections.abc import Iterable, Iterator, Mapping

from layerscope.analysis.comparison.diff_tree import DiffTree
from layerscope.tui.tree.visible_rows import Folds, View, VisibleRows


class DiffRows(VisibleRows):
    """`VisibleRows` of the layer AFTER, which are sorted by the size of the change instead of the size.

    ``moves`` maps a node to the path that its file was moved from or to; it may be filled later. ``uncertain`` are
    nodes whose differences depend on layers that could not be read.
    """

    def __init__(
        self,
        tree: DiffTree,
        view: View,
        folds: Folds,
        moves: Mapping[int, bytes] | None = None,
        uncertain: frozenset[int] = frozenset(),
    ) -> None:
        super().__init__(tree, view, folds)
        self.diff_tree = tree
        self.moves = {} if moves is None else moves
        self.uncertain = uncertain

    def _ranks(self, nodes: Iterable[int]) -> Iterator[int]:
        return (-abs(self.diff_tree.delta(node)) for node in nodes)
