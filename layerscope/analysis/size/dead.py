"""Dead bytes: regular files that a layer holds and that the final image does not show, each with exactly one reason.

Records of the size analysis are named tuples. Defining one takes an eighth of the time of a frozen dataclass, which
came to a tenth of what ``why`` adds to a listing, and there may be a hundred thousand dead files.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple

from msgspec import Struct

from layerscope.analysis.content import Digests
from layerscope.analysis.search.path_patterns import Subtrees
from layerscope.analysis.size.hidden import HiddenFile, sums_by_key
from layerscope.analysis.tree.change import GONE
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.tree_state import NodePaths
from layerscope.model.entries import EntryTable, Kind


class DeadReason(StrEnum):
    """A reason why the final image does not show a file, by the entries of the layer that hid it."""

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


class DeadEntry(NamedTuple):
    """A dead regular file: ``size`` bytes that layer ``writer`` holds and layer ``hidden_by`` was the first to hide.

    ``reason`` is None if it depends on bytes that cannot be read. ``node`` is the path in the path index,
    ``occurrence`` the file, and ``hiding_occurrence`` the one that hid its last name, which may be a hard link's.
    """

    path: bytes
    size: int
    writer: int
    hidden_by: int
    reason: DeadReason | None
    node: int
    occurrence: int
    hiding_occurrence: int


class DeadBytes(Struct, frozen=True, dict=True):
    """All dead files of an image, the largest first; of an incomplete image, those that the read layers show."""

    entries: tuple[DeadEntry, ...] = ()

    @cached_property
    def total(self) -> int:
        return sum(entry.size for entry in self.entries)

    @cached_property
    def by_reason(self) -> Mapping[DeadReason | None, int]:
        return sums_by_key(map(attrgetter("reason", "size"), self.entries))

    @cached_property
    def by_writer(self) -> Mapping[int, int]:
        return sums_by_key(map(attrgetter("writer", "size"), self.entries))

    @cached_property
    def by_hiding_layer(self) -> Mapping[int, int]:
        return sums_by_key(map(attrgetter("hidden_by", "size"), self.entries))

    @cached_property
    def _by_node(self) -> list[DeadEntry]:
        return sorted(self.entries, key=_node)

    def below(self, node: int, end: int) -> list[DeadEntry]:
        """Return the dead files from a node to before another: with `PathIndex.ends`, those of a folder."""
        return self._by_node[bisect_left(self._by_node, node, key=_node) : bisect_left(self._by_node, end, key=_node)]


_node = attrgetter("node")


def dead_bytes(tree: LayeredTree, hidden: Iterable[HiddenFile], digests: Digests) -> DeadBytes:
    """Return the dead files with their reasons, given digests of the files in `rewritten_pairs`.

    The hidden files come in the order of paths and layers; those of one size stay in it.
    """
    index, reasons, path = tree.index, DeadReasons(tree, digests), NodePaths(tree.index)
    entries = []
    for hidden_file in hidden:
        file, hiding_occurrence, size = hidden_file
        node, reason = index.node_of(file), reasons.of(hidden_file)
        hidden_by = index.layers[hiding_occurrence]
        entries.append(
            DeadEntry(path(node), size, index.layers[file], hidden_by, reason, node, file, hiding_occurrence)
        )
    entries.sort(key=attrgetter("size"), reverse=True)
    return DeadBytes(tuple(entries))


class DeadGroup(NamedTuple):
    """The dead files of one writer, one hiding layer and one reason (None: unknown), the largest first."""

    writer: int
    hidden_by: int
    reason: DeadReason | None
    entries: tuple[DeadEntry, ...]

    @property
    def size(self) -> int:
        return sum(entry.size for entry in self.entries)

    @property
    def word(self) -> str:
        return self.reason.value if self.reason else "unknown"


def dead_groups(entries: Iterable[DeadEntry]) -> list[DeadGroup]:
    """Return the groups, the largest first; entries come the largest first."""
    members: dict[tuple[int, int, DeadReason | None], list[DeadEntry]] = {}
    for entry in entries:
        members.setdefault((entry.writer, entry.hidden_by, entry.reason), []).append(entry)
    groups = [DeadGroup(*key, tuple(group)) for key, group in members.items()]
    return sorted(groups, key=lambda group: (-group.size, group.writer, group.hidden_by, group.word))
