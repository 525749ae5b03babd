"""The reason why the final image does not show a file: exactly one, by the entries of the layer that hid it."""

from collections.abc import Iterable
from enum import StrEnum

from layerscope.analysis.content import Digests
from layerscope.analysis.search.path_patterns import Subtrees
from layerscope.analysis.size.hidden import HiddenFile
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.occurrence import GONE
from layerscope.model.entries import EntryTable, Kind


class DeadReason(StrEnum):
    """A reason why the final image does not show a file."""

    OVERWRITTEN = "overwritten"
    METADATA_ONLY = "metadata-only"
    IDENTICAL = "identical"
    DELETED = "deleted"
    OPAQUE = "opaque"
    REPLACED = "replaced"


def rewritten_pairs(tree: LayeredTree, hidden: Iterable[HiddenFile]) -> list[tuple[int, int]]:
    """Return the dead files at whose path the hiding layer holds a file of the same size, each with that file."""
    return [(dead.file, dead.hiding_occurrence) for dead in hidden if _new_size(tree, dead) == dead.size]


def _new_size(tree: LayeredTree, hidden: HiddenFile) -> int | None:
    """Return the size of the regular file that the hiding layer holds at the path, or None if it holds none."""
    row, table = _row_of(tree, hidden.hiding_occurrence)
    return table.sizes[row] if row >= 0 and table.kinds[row] == Kind.FILE else None


def _row_of(tree: LayeredTree, occurrence: int) -> tuple[int, EntryTable]:
    return tree.index.rows[occurrence], tree.tables[tree.index.layers[occurrence]]


class DeadReasons:
    """The reasons of the dead files of one tree."""

    def __init__(self, tree: LayeredTree, digests: Digests) -> None:
        self._tree = tree
        self._digests = digests
        self._replaced = _replaced_folders(tree)

    def of(self, hidden: HiddenFile) -> DeadReason | None:
        """Return the reason, or None if it depends on bytes that cannot be read."""
        if self._tree.index.rows[hidden.hiding_occurrence] == GONE:
            return self._removed(hidden.hiding_occurrence)
        new_size = _new_size(self._tree, hidden)
        if new_size is None:
            return DeadReason.REPLACED
        return self._rewritten(hidden) if new_size == hidden.size else DeadReason.OVERWRITTEN

    def _removed(self, hiding_occurrence: int) -> DeadReason:
        """Return the reason if the path is gone."""
        index = self._tree.index
        replaced = self._replaced.get(index.layers[hiding_occurrence])
        if replaced is not None and index.node_of(hiding_occurrence) in replaced:
            return DeadReason.REPLACED
        return DeadReason.OPAQUE if index.is_opaque(hiding_occurrence) else DeadReason.DELETED

    def _rewritten(self, hidden: HiddenFile) -> DeadReason | None:
        """Return the reason if the path is a file of the same size again."""
        before, after = self._digests.get(hidden.file), self._digests.get(hidden.hiding_occurrence)
        if before is None or after is None:
            return None
        if before != after:
            return DeadReason.OVERWRITTEN
        old_row, old_table = _row_of(self._tree, hidden.file)
        new_row, new_table = _row_of(self._tree, hidden.hiding_occurrence)
        same = old_table.same_metadata(old_row, new_table, new_row)
        return DeadReason.IDENTICAL if same else DeadReason.METADATA_ONLY


def _replaced_folders(tree: LayeredTree) -> dict[int, Subtrees]:
    """Return by layer the directories that became another kind there."""
    firsts, layers, rows = tree.index.firsts, tree.index.layers, tree.index.rows
    folders: dict[int, list[int]] = {}
    for node in tree.index.rewritten:
        for old in range(firsts[node], firsts[node + 1] - 1):
            if rows[old + 1] >= 0 and rows[old] != GONE and tree.kind(old) is Kind.DIR is not tree.kind(old + 1):
                folders.setdefault(layers[old + 1], []).append(node)
    return {layer: Subtrees(tree.index, nodes) for layer, nodes in folders.items()}
