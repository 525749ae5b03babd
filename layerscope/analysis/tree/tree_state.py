"""A tree at one layer, as a comparison sees it, and the paths of many nodes."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from layerscope.analysis.tree.change import GONE
from layerscope.analysis.tree.flags import byte_flags, column_bytes
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.path_index import PathIndex


class NodePaths:
    """A function from a node to its relative path, which remembers the paths of folders."""

    def __init__(self, index: PathIndex) -> None:
        self._index = index
        self._folders: dict[int, bytes] = {0: b""}

    def __call__(self, node: int) -> bytes:
        folder = self._index.parents[node]
        prefix = self._folders.get(folder)
        if prefix is None:
            prefix = self._folders[folder] = self._prefix(folder)
        return prefix + self._index.name(node)

    def _prefix(self, folder: int) -> bytes:
        """Return the path of a folder with a slash, from the nearest folder above it whose path is known."""
        parts = [b""]
        while folder not in self._folders:
            parts.append(self._index.name(folder))
            folder = self._index.parents[folder]
        return self._folders[folder] + b"/".join(reversed(parts))


@dataclass(frozen=True, slots=True)
class TreeState:
    """The merged tree at a layer (0: empty), or, if ``own`` is true, the entries of that layer alone."""

    tree: LayeredTree
    layer: int
    own: bool = False

    def occurrence(self, node: int) -> int:
        """Return the occurrence of the node that this state shows, or -1 if the state does not have it."""
        index = self.tree.index
        if self.own:
            occurrence = index.own_occurrence(node, self.layer)
            return occurrence if occurrence >= 0 and index.rows[occurrence] >= 0 else -1
        occurrence = index.occurrence(node, self.layer)
        return occurrence if occurrence >= 0 and index.rows[occurrence] != GONE else -1


def touched_nodes(index: PathIndex, layers: Collection[int]) -> Iterator[int]:
    """Yield the nodes that one of the layers wrote, implied or hid, ascending.

    The cost grows with the nodes that it yields: ``translate`` and ``find`` pass over all others at the speed of
    memory. They work on single bytes, so they look at the low byte of each layer number.
    """
    low_bytes = {layer & 0xFF for layer in layers}
    flags = column_bytes(index.layers, 0).translate(byte_flags(low_bytes.__contains__))
    flagged = flags.find(1)
    while flagged >= 0:
        node = index.node_of(flagged)
        if any(index.layers[occurrence] in layers for occurrence in index.occurrences(node)):
            yield node
        flagged = flags.find(1, index.firsts[node + 1])
