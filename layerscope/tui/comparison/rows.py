"""The visible rows of a comparison."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from layerscope.analysis.comparison.diff_tree import DiffTree, Totals, add_up
from layerscope.analysis.search.query import Query
from layerscope.text import plural, signed_size
from layerscope.tui.drawing.bars import LEAST_SHARE
from layerscope.tui.tree.view import Folds, View
from layerscope.tui.tree.visible_rows import VisibleRows

_NO_CHANGES = Totals()


class DiffRows(VisibleRows):
    """`VisibleRows` of the layer AFTER, which are sorted by the size of the change instead of the size.

    ``totals`` are the changes below each folder, with a filter those that match.
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
        self.totals: Mapping[int, Totals] = tree.totals

    def _match(self, query: Query) -> Iterator[None]:
        """Find the paths that match, and add up their changes by folder."""
        yield from super()._match(query)
        diff, totals = self.diff_tree.diff, dict[int, Totals]()
        yield from add_up(diff, (row for row, node in enumerate(diff.nodes) if self.is_found(node)), totals)
        self.totals = totals

    def delta(self, node: int) -> int:
        """Return the content bytes by which a path grew, with everything below it that matches the filter."""
        return self.diff_tree.own_delta(node) + self.totals.get(node, _NO_CHANGES).size_delta

    @cached_property
    def draws_bars(self) -> bool:
        """True if the bar of any path is long enough to be seen."""
        return self.diff_tree.largest_delta >= LEAST_SHARE * self.diff_tree.whole_size

    def match_words(self) -> str:
        """Return the number of matches, and by how much they grew."""
        matches = self.matches
        return "" if matches is None else f"{plural(matches.count, 'match', 'matches')}, {signed_size(self.delta(0))}"

    def _ranks(self, nodes: Iterable[int]) -> Iterator[int]:
        return (-abs(self.delta(node)) for node in nodes)
