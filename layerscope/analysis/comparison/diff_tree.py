"""A diff as a tree: the paths of both sides together, marked, with sizes and changes summed up on directories.

Its layer numbers are `BEFORE` and `AFTER`, so that code for the layers of a `LayeredTree` works with both sides too.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from msgspec.structs import replace

from layerscope.analysis.comparison.diff import Diff
from layerscope.analysis.comparison.difference import Aspect
from layerscope.analysis.comparison.pairing import PairedState
from layerscope.analysis.tree.change import GONE, ChangeKind
from layerscope.analysis.tree.flags import flags_at
from layerscope.analysis.tree.index_building import size_columns
from layerscope.analysis.tree.layered_tree import TreeRow
from layerscope.analysis.tree.path_index import PathIndex, size_key
from layerscope.model.entries import FileEntry, Kind, implied_directory

BEFORE = 1
AFTER = 2


class Totals(NamedTuple):
    """The changes below a directory: the numbers of paths, and the content bytes by which it grew."""

    added: int = 0
    modified: int = 0
    removed: int = 0
    size_delta: int = 0

    @property
    def changes(self) -> int:
        return self.added + self.modified + self.removed


_ROWS_A_BEAT = 1024


def directory_totals(diff: Diff) -> dict[int, Totals]:
    """Return by node the changes below each directory, the root included; directories without changes are left out."""
    totals = dict[int, Totals]()
    for _ in add_up(diff, range(len(diff)), totals):
        pass
    return totals


def add_up(diff: Diff, rows: Iterable[int], by_directory: dict[int, Totals]) -> Iterator[None]:
    """Fill in the totals of some rows of a diff; yields now and then, so that the caller can do other work."""
    totals: dict[int, list[int]] = {}
    parents = diff.pairing.shape.parents
    for count, row in enumerate(rows, 1):
        sums = totals.setdefault(parents[diff.nodes[row]], [0, 0, 0, 0])
        sums[diff.changes[row] - 1] += 1
        sums[3] += diff.deltas[row]
        if not count % _ROWS_A_BEAT:
            yield
    for folder in list(totals):
        above = folder
        while above and parents[above] not in totals:
            above = parents[above]
            totals[above] = [0, 0, 0, 0]
    # A directory comes before what is in it, so each sum is complete when it is added to that of the directory above.
    for count, folder in enumerate(sorted(totals, reverse=True), 1):
        if folder:
            above = parents[folder]
            totals[above] = [*map(sum, zip(totals[above], totals[folder], strict=True))]
        if not count % _ROWS_A_BEAT:
            yield
    by_directory.update((folder, Totals(*totals[folder])) for folder in sorted(totals))


@dataclass(frozen=True, slots=True)
class DiffTree:
    """A diff in a tree; ``index`` has one occurrence, of the layer AFTER, for each path that differs."""

    diff: Diff
    index: PathIndex
    totals: Mapping[int, Totals]
    rows_by_node: Mapping[int, int]

    @property
    def layers(self) -> tuple[int, int]:
        return BEFORE, AFTER

    def side(self, layer: int) -> PairedState:
        return self.diff.pairing.old if layer == BEFORE else self.diff.pairing.new

    def is_present(self, node: int, layer: int) -> bool:
        return self.side(layer).occurrence(node) >= 0

    def is_shown(self, node: int, layer: int) -> bool:
        """Return whether the tree shows the node: the side has it, it is gone AFTER, or paths below it changed."""
        is_removed = layer == AFTER and self.index.change(node, AFTER) is ChangeKind.REMOVED
        return is_removed or node in self.totals or self.is_present(node, layer)

    def shown(self, nodes: Iterable[int], layer: int) -> Iterator[int]:
        return (node for node in nodes if self.is_shown(node, layer))

    def shown_flags(self, nodes: range, layer: int) -> bytes:
        """Flag those of the nodes that the tree shows."""
        return flags_at(nodes, self.shown(nodes, layer))

    def touched_flags(self, nodes: range, layer: int, *, copies: bool) -> bytes:
        """Flag those of the nodes that differ."""
        return self.index.touched_flags(nodes, layer, copies=copies)

    def is_directory(self, node: int, layer: int) -> bool:
        entry = self._shown(node, layer)
        return entry is not None and entry.kind is Kind.DIR

    def row(self, node: int, layer: int) -> TreeRow | None:
        """Return the node as the tree shows it, or None if it does not show it."""
        entry = self._shown(node, layer) if self.is_shown(node, layer) else None
        return None if entry is None else TreeRow(node, entry, self.index.change(node, layer))

    def entry(self, node: int, layer: int) -> FileEntry | None:
        """Return the entry of the node on a side, or None if the side does not have it."""
        return self.side(layer).entry(node, self.index.path(node))

    def size(self, node: int, layer: int) -> int:
        """Return the content bytes of a file, or below a directory; for a path that is gone AFTER, those it had."""
        return self.side(layer if self.is_present(node, layer) else BEFORE).size(node)

    def sizes(self, nodes: Iterable[int], layer: int) -> Iterator[int]:
        return (self.size(node, layer) for node in nodes)

    @property
    def whole_size(self) -> int:
        """The content bytes of the larger one of both sides."""
        return max(self.side(layer).whole_size for layer in self.layers)

    @property
    def largest_delta(self) -> int:
        """The most content bytes by which a path grew or shrank, with those below it."""
        deltas = self.diff.deltas
        changes = (total.size_delta for total in self.totals.values())
        return max(map(abs, (max(deltas, default=0), min(deltas, default=0), *changes)))

    def own_delta(self, node: int) -> int:
        """Return the content bytes by which a path itself grew, without what is below it."""
        row = self.rows_by_node.get(node)
        return 0 if row is None else self.diff.deltas[row]

    def aspects(self, node: int) -> Aspect:
        """Return the aspects in which a path that both sides have differs."""
        row = self.rows_by_node.get(node)
        return Aspect(0 if row is None else self.diff.aspects[row])

    def _shown(self, node: int, layer: int) -> FileEntry | None:
        entry = self.entry(node, layer if self.is_present(node, layer) else BEFORE)
        if entry is None and node in self.totals:
            # Of two layers' own entries, neither may have one for a folder above them.
            return implied_directory(self.index.path(node))
        return entry


def diff_tree(diff: Diff) -> DiffTree:
    """Put a diff into its tree; the columns of the paths are shared."""
    shape, totals = diff.pairing.shape, directory_totals(diff)
    counts = bytearray(len(shape))
    for node in diff.nodes:
        counts[node] = 1
    removed = ChangeKind.REMOVED
    size_values, large_sizes = size_columns(total.size_delta for total in totals.values())
    index = replace(
        shape,
        firsts=array("I", accumulate(counts, initial=0)),
        layers=array("H", [AFTER]) * len(diff),
        rows=array("i", [GONE if change == removed else row for row, change in enumerate(diff.changes)]),
        changes=diff.changes,
        size_keys=array("Q", [size_key(folder, AFTER) for folder in totals]),
        size_values=size_values,
        written_values=array("q", bytes(8 * len(size_values))),
        large_sizes=large_sizes,
        large_written={},
        link_targets={},
        opaque=array("I"),
    )
    return DiffTree(diff, index, totals, {node: row for row, node in enumerate(diff.nodes)})
