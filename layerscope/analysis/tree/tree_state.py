"""A tree at one layer, as one side of a comparison."""

import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.overlay import GONE
from layerscope.analysis.tree.path_index import PathIndex

_LOW_BYTE = 0xFF


@dataclass(frozen=True, slots=True)
class TreeState:
    """The merged tree at a layer (0: nothing at all), or, where ``own`` is true, that layer's own entries."""

    tree: LayeredTree
    layer: int
    own: bool = False

    def standing(self, node: int) -> int:
        """Return the occurrence that is the node in this state, or -1 where it is not there."""
        index = self.tree.index
        if self.own:
            found = index.own_occurrence(node, self.layer)
            return found if found >= 0 and index.rows[found] >= 0 else -1
        found = index.occurrence(node, self.layer)
        return found if found >= 0 and index.rows[found] != GONE else -1


def touched_nodes(index: PathIndex, layers: Collection[int]) -> Iterator[int]:
    """Yield the nodes that one of the layers wrote, implied or hid, ascending.

    It costs the nodes it yields: all else is passed over at the speed of memory, by the low bytes of layer numbers.
    """
    low_bytes = {layer & _LOW_BYTE for layer in layers}
    low = index.layers.tobytes()[0 if sys.byteorder == "little" else 1 :: 2]
    flags = low.translate(bytes(byte in low_bytes for byte in range(_LOW_BYTE + 1)))
    found = flags.find(1)
    while found >= 0:
        node = index.node_of(found)
        if any(index.layers[occurrence] in layers for occurrence in index.occurrences(node)):
            yield node
        found = flags.find(1, index.firsts[node + 1])
