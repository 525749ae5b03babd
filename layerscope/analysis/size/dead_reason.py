"""Why the final image does not show a file: one reason each, by what the layer that hid it holds."""

from collections.abc import Iterable
from enum import StrEnum

from layerscope.analysis.content import Digests
from layerscope.analysis.search.path_patterns import Areas
from layerscope.analysis.size.hidden import HiddenFile
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.overlay import GONE
from layerscope.model.entries import EntryTable, Kind


class DeadReason(StrEnum):
    """Why the final image does not show a file, by what its hidden_by holds."""

    OVERWRITTEN = "overwritten"
    METADATA_ONLY = "metadata-only"
    IDENTICAL = "identical"
    DELETED = "deleted"
    OPAQUE = "opaque"
    REPLACED = "replaced"


def rewritten_pairs(tree: LayeredTree, hidden: Iterable[HiddenFile]) -> list[tuple[int, int]]:
    """Return those dead files whose hiding_layers hold a file of the same size at the path, each with that file."""
    return [(one.file, one.hiding_occurrence) for one in hidden if _size_again(tree, one) == one.size]


def _size_again(tree: LayeredTree, hidden: HiddenFile) -> int | None:
    """Return the size of the regular file that the hidden_by holds at the path, or None where it holds none."""
    row = tree.index.rows[hidden.hiding_occurrence]
    if row < 0:
        return None
    table = tree.tables[tree.index.layers[hidden.hiding_occurrence]]
    return table.sizes[row] if table.kinds[row] == Kind.FILE else None


def _row_of(tree: LayeredTree, occurrence: int) -> tuple[int, EntryTable]:
    return tree.index.rows[occurrence], tree.tables[tree.index.layers[occurrence]]


class DeadReasons:
    """Finds the reasons of dead files."""

    def __init__(self, tree: LayeredTree, digests: Digests) -> None:
        self._tree = tree
        self._digests = digests
        self._replaced = _replaced_folders(tree)

    def of(self, hidden: HiddenFile) -> DeadReason | None:
        """Return the one reason, or None where bytes cannot be read."""
        if self._tree.index.rows[hidden.hiding_occurrence] == GONE:
            return self._removed(hidden.hiding_occurrence)
        again = _size_again(self._tree, hidden)
        if again is None:
            return DeadReason.REPLACED
        return self._rewritten(hidden) if again == hidden.size else DeadReason.OVERWRITTEN

    def _removed(self, hiding_occurrence: int) -> DeadReason:
        """Return the reason where nothing stands at the path."""
        index = self._tree.index
        replaced = self._replaced.get(index.layers[hiding_occurrence])
        if replaced is not None and index.node_of(hiding_occurrence) in replaced:
            return DeadReason.REPLACED
        return DeadReason.OPAQUE if index.is_opaque(hiding_occurrence) else DeadReason.DELETED

    def _rewritten(self, hidden: HiddenFile) -> DeadReason | None:
        """Return the reason where a file of the same size stands at the path again."""
        before, after = self._digests.get(hidden.file), self._digests.get(hidden.hiding_occurrence)
        if before is None or after is None:
            return None
        if before != after:
            return DeadReason.OVERWRITTEN
        (row, table), (other_row, other_table) = (
            _row_of(self._tree, hidden.file),
            _row_of(self._tree, hidden.hiding_occurrence),
        )
        same = table.same_metadata(row, other_table, other_row)
        return DeadReason.IDENTICAL if same else DeadReason.METADATA_ONLY


def _replaced_folders(tree: LayeredTree) -> dict[int, Areas]:
    """Return by layer the directories that something else stands in the place of."""
    firsts, layers, rows = tree.index.firsts, tree.index.layers, tree.index.rows
    found: dict[int, list[int]] = {}
    for node in range(1, len(tree.index)):
        for one in range(firsts[node], firsts[node + 1] - 1):
            if rows[one + 1] >= 0 and rows[one] != GONE and tree.kind(one) is Kind.DIR is not tree.kind(one + 1):
                found.setdefault(layers[one + 1], []).append(node)
    return {layer: Areas(tree.index, nodes) for layer, nodes in found.items()}
