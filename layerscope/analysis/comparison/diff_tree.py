"""A diff as a tree: the paths of both sides together, marked, with sizes and changes rolled up on directories.

Its layer numbers are `BEFORE` and `AFTER`: what asks a `LayeredTree` for its layers can ask this tree for its sides.
"""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import NamedTuple

from layerscope.analysis.comparison.diff import Diff
from layerscope.analysis.comparison.difference import Aspect
from layerscope.analysis.comparison.pairing import Side
from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.layered_tree import TreeRow
from layerscope.analysis.tree.overlay import GONE
from layerscope.analysis.tree.path_index import PathIndex
from layerscope.model.entries import FileEntry, Kind

BEFORE = 1
AFTER = 2
_LAYER_BITS = 16


class Totals(NamedTuple):
    """What changed below a directory: how many paths, and by how many content bytes it grew."""

    added: int = 0
    modified: int = 0
    removed: int = 0
    size_delta: int = 0

    @property
    def changes(self) -> int:
        """How many paths changed."""
        return self.added + self.modified + self.removed


def directory_totals(diff: Diff) -> dict[int, Totals]:
    """Return by node what changed below each directory, the root included; those without any change are left out."""
    own: dict[int, list[int]] = {}
    parents = diff.pairing.shape.parents
    for node, change, delta in zip(diff.nodes, diff.changes, diff.deltas, strict=True):
        sums = own.setdefault(parents[node], [0, 0, 0, 0])
        sums[change - 1] += 1
        sums[3] += delta
    found = {folder: list(sums) for folder, sums in own.items()}
    for folder, sums in own.items():
        above = folder
        while above:
            above = parents[above]
            found[above] = [*map(sum, zip(found.get(above, (0, 0, 0, 0)), sums, strict=True))]
    return {folder: Totals(*found[folder]) for folder in sorted(found)}


@dataclass(frozen=True, slots=True)
class DiffTree:
    """``index`` has one occurrence for each path that differs, by the layer AFTER; sizes are looked up in the sides."""

    diff: Diff
    index: PathIndex
    totals: Mapping[int, Totals]
    rows_by_node: Mapping[int, int]

    @property
    def layers(self) -> tuple[int, int]:
        """Both sides."""
        return BEFORE, AFTER

    def side(self, layer: int) -> Side:
        """Return one of the sides."""
        return self.diff.pairing.old if layer == BEFORE else self.diff.pairing.new

    def is_present(self, node: int, layer: int) -> bool:
        """Tell whether the side has the node."""
        return self.side(layer).standing(node) >= 0

    def is_shown(self, node: int, layer: int) -> bool:
        """Tell whether the tree shows the node: the side has it, it is gone AFTER, or there are changes below it."""
        is_removed = layer == AFTER and self.index.change(node, AFTER) is ChangeKind.REMOVED
        return is_removed or node in self.totals or self.is_present(node, layer)

    def is_directory(self, node: int, layer: int) -> bool:
        """Tell whether the node is shown as a directory."""
        entry = self._shown(node, layer)
        return entry is not None and entry.kind is Kind.DIR

    def row(self, node: int, layer: int) -> TreeRow | None:
        """Return the node as the tree shows it, or None where it does not."""
        entry = self._shown(node, layer) if self.is_shown(node, layer) else None
        return None if entry is None else TreeRow(node, entry, self.index.change(node, layer))

    def entry(self, node: int, layer: int) -> FileEntry | None:
        """Return what the node is on a side, or None where it is not there."""
        return self.side(layer).entry(node, self.index.path(node))

    def size(self, node: int, layer: int) -> int:
        """Return the content bytes of a file, or below a directory; of what is gone AFTER, what it had."""
        return self.side(layer if self.is_present(node, layer) else BEFORE).size(node)

    def delta(self, node: int) -> int:
        """Return by how many content bytes a path, with all below it, grew."""
        row = self.rows_by_node.get(node)
        own = 0 if row is None else self.diff.deltas[row]
        return own + (self.totals[node].size_delta if node in self.totals else 0)

    def aspects(self, node: int) -> Aspect:
        """Return what differs about a path that is there on both sides."""
        row = self.rows_by_node.get(node)
        return Aspect(0 if row is None else self.diff.aspects[row])

    def _shown(self, node: int, layer: int) -> FileEntry | None:
        found = self.entry(node, layer if self.is_present(node, layer) else BEFORE)
        if found is None and node in self.totals:
            # a folder that neither layer has an entry for, of what they hold themselves
            return FileEntry(self.index.path(node), Kind.DIR)
        return found


def diff_tree(diff: Diff) -> DiffTree:
    """Put a diff into its tree; the columns of the paths are shared."""
    shape, totals = diff.pairing.shape, directory_totals(diff)
    counts = bytearray(len(shape))
    for node in diff.nodes:
        counts[node] = 1
    removed = ChangeKind.REMOVED
    index = replace(
        shape,
        firsts=array("I", accumulate(counts, initial=0)),
        layers=array("H", [AFTER]) * len(diff),
        rows=array("i", [GONE if change == removed else row for row, change in enumerate(diff.changes)]),
        changes=diff.changes,
        size_keys=array("Q", [folder << _LAYER_BITS | AFTER for folder in totals]),
        size_values=array("q", [total.size_delta for total in totals.values()]),
        link_targets={},
        opaque=array("I"),
    )
    return DiffTree(diff, index, totals, {node: row for row, node in enumerate(diff.nodes)})
