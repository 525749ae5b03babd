"""The paths of both sides of a comparison in one tree, and which of them may differ."""

from array import array
from dataclasses import dataclass, field

from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.overlay import IMPLIED
from layerscope.analysis.tree.path_index import PathIndex
from layerscope.analysis.tree.tree_state import TreeState, touched_nodes
from layerscope.model.entries import FileEntry, Ints, Kind

NOWHERE = -1
"""The node of a path on a side that does not have it."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side: a state of a tree, and by node of the pairing the node there; None where the numbers are the same."""

    state: TreeState
    nodes: "Ints | None" = None

    def node(self, node: int) -> int:
        """Return the node of this side's own tree, or NOWHERE."""
        return node if self.nodes is None else self.nodes[node]

    def standing(self, node: int) -> int:
        """Return the occurrence, in this side's own tree, that is the node; -1 where it is not there."""
        own = self.node(node)
        return own if own < 0 else self.state.standing(own)

    def entry(self, node: int, path: bytes) -> FileEntry | None:
        """Return what the node, whose path is given, is on this side, or None."""
        found, tree = self.standing(node), self.state.tree
        if found < 0:
            return None
        row, layer = tree.index.rows[found], tree.index.layers[found]
        if row == IMPLIED:
            return FileEntry(path, Kind.DIR, layer=layer)
        return tree.tables[layer].entry(row, path, layer)

    def size(self, node: int) -> int:
        """Return the content bytes of a file, or below a directory of the merged tree; 0 for all else."""
        found, tree = self.standing(node), self.state.tree
        if found < 0:
            return 0
        if tree.kind(found) is not Kind.DIR:
            return tree.tables[tree.index.layers[found]].sizes[tree.index.rows[found]]
        return 0 if self.state.own else tree.index.size_below(self.node(node), self.state.layer)


@dataclass(frozen=True, slots=True)
class Pairing:
    """``shape`` holds the paths of both sides in preorder, and no occurrences that mean anything here.

    Only the nodes in ``candidates``, ascending, may differ.
    """

    shape: PathIndex
    old: Side
    new: Side
    candidates: Ints = field(default_factory=lambda: array("I"))


def pair_layers(tree: LayeredTree, before: int, after: int, *, own: bool = False) -> Pairing:
    """Return two states of one tree: after each of two layers, in any order, or, ``own``, the layers' own entries.

    Its candidates are what the layers between them touched. Layer 0 has nothing.
    """
    low, high = sorted((before, after))
    between = (before, after) if own else range(low + 1, high + 1)
    nodes = array("I", touched_nodes(tree.index, between))
    if nodes and nodes[0] == 0:
        # the root is no row of any tree
        del nodes[0]
    old, new = TreeState(tree, before, own), TreeState(tree, after, own)
    return Pairing(tree.index, Side(old), Side(new), nodes)
