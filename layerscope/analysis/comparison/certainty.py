"""The rows of a diff that depend on layers that could not be read whole."""

from collections.abc import Collection

from layerscope.analysis.comparison.diff import Diff
from layerscope.analysis.comparison.difference import Aspect
from layerscope.analysis.comparison.pairing import NOWHERE, PairedState
from layerscope.analysis.tree.change import GONE, IMPLIED
from layerscope.model.columns import Ints
from layerscope.model.entries import Kind


def uncertain_rows(diff: Diff, old: Collection[int], new: Collection[int]) -> frozenset[int]:
    """Return the rows that may be wrong, given the incomplete layers of the image on the old and on the new side.

    An incomplete layer may have written or hidden any path. A row is certain if on both sides a layer after all
    incomplete ones decides the path, and if its bytes could be read or something else differs.
    """
    sides = _Side(diff.pairing.old, old), _Side(diff.pairing.new, new)
    guesses = frozenset(row for row in diff.unread if diff.aspects[row] == Aspect.CONTENT)
    if not any(side.highest for side in sides):
        return guesses
    shape = diff.pairing.shape
    dependent = (
        row
        for row, node in enumerate(diff.nodes)
        if not all(side.decides(node) or side.decides_absence(shape.parents, node) for side in sides)
    )
    return guesses.union(dependent)


class _Side:
    """One side of a diff; ``highest`` is its highest incomplete layer, or 0."""

    def __init__(self, state: PairedState, incomplete: Collection[int]) -> None:
        self._state = state
        top = state.state.layer
        relevant = (layer for layer in incomplete if layer == top or (layer < top and not state.state.own))
        self.highest = max(relevant, default=0)

    def decides(self, node: int) -> bool:
        """Return whether complete layers alone decide what the path is on this side."""
        if not self.highest:
            return True
        own, state = self._state.node(node), self._state.state
        if own == NOWHERE:
            return False
        index = state.tree.index
        last = index.occurrence(own, state.layer)
        if last < 0 or index.layers[last] <= self.highest:
            return False
        if index.rows[last] == GONE:
            return True
        # The metadata of a directory without an entry comes from the previous layers, and so may the file of a link.
        target = state.tree.linked(last)
        return index.rows[last] != IMPLIED and target >= 0 and index.layers[target] > self.highest

    def decides_absence(self, parents: Ints, node: int) -> bool:
        """Return whether complete layers alone decide that a folder above the path is missing or not a directory."""
        folder = node
        while folder := parents[folder]:
            if self.decides(folder):
                return not self._is_directory(folder)
        return False

    def _is_directory(self, node: int) -> bool:
        occurrence, tree = self._state.occurrence(node), self._state.state.tree
        return occurrence >= 0 and tree.index.rows[occurrence] != GONE and tree.kind(occurrence) is Kind.DIR
