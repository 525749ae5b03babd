"""The paths of both sides of a comparison in one tree, and which of them may differ."""

from array import array
from dataclasses import dataclass, field

from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.path_index import PathIndex
from layerscope.analysis.tree.tree_state import TreeState, touched_nodes
from layerscope.model.columns import Ints
from layerscope.model.entries import FileEntry, Kind

NOWHERE = -1
"""The node of a path on a side that does not have it."""


@dataclass(frozen=True, slots=True)
class PairedState:
    """The old or the new state of a pairing.

    ``nodes`` gives, by node of the pairing, the node in the state's own tree; None if the numbers are the same.
    """

    state: TreeState
    nodes: "Ints | None" = None

    def node(self, node: int) -> int:
        """Return the node of the state's own tree, or NOWHERE."""
        return node if self.nodes is None else self.nodes[node]

    def occurrence(self, node: int) -> int:
        """Return the occurrence of the node in the state's own tree, or -1 if the state does not have it."""
        own = self.node(node)
        return own if own < 0 else self.state.occurrence(own)

    def entry(self, node: int, path: bytes) -> FileEntry | None:
        """Return the entry of a node whose path is given, or None if the state does not have it."""
        occurrence = self.occurrence(node)
        at = None if self.state.own else self.state.layer
        return None if occurrence < 0 else self.state.tree.entry_at(occurrence, path, at)

    def size(self, node: int) -> int:
        """Return the content bytes of a file, or below a directory of the merged tree; 0 for every other kind."""
        occurrence, tree = self.occurrence(node), self.state.tree
        if occurrence < 0:
            return 0
        if tree.kind(occurrence) is not Kind.DIR:
            return self.entry_size(node)
        return 0 if self.state.own else tree.index.size_below(self.node(node), self.state.layer)

    @property
    def whole_size(self) -> int:
        index, layer = self.state.tree.index, self.state.layer
        return index.written_below(0, layer) if self.state.own else index.size_below(0, layer)

    def entry_size(self, node: int) -> int:
        """Return the content bytes that count at the node itself; of a layer's own entries, a hard link has none."""
        occurrence, tree = self.occurrence(node), self.state.tree
        if occurrence < 0:
            return 0
        return tree.own_size(occurrence) if self.state.own else tree.shown_size(occurrence, self.state.layer)


@dataclass(frozen=True, slots=True)
class Pairing:
    """Two states with their paths in one tree: ``shape`` holds the paths in preorder, and its occurrences mean nothing.

    Only the nodes in ``candidates``, ascending, may differ.
    """

    shape: PathIndex
    old: PairedState
    new: PairedState
    candidates: Ints = field(default_factory=lambda: array("I"))


def pair_layers(tree: LayeredTree, before: int, after: int, *, own: bool = False) -> Pairing:
    """Return two states of one tree: after each of two layers, in any order, or, if ``own``, the layers' own entries.

    The candidates are the paths that the layers between them touched. Layer 0 is empty.
    """
    low, high = sorted((before, after))
    between = (before, after) if own else range(low + 1, high + 1)
    nodes = array("I", touched_nodes(tree.index, between))
    if nodes and nodes[0] == 0:
        # The root is not a row of any tree.
        del nodes[0]
    old, new = TreeState(tree, before, own), TreeState(tree, after, own)
    return Pairing(tree.index, PairedState(old), PairedState(new), nodes)
