"""Flags of the nodes that the tree of a layer shows, and of those that the layer holds."""

from msgspec import Struct

from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.flags import byte_flags, column_bytes, flags_of, number_of, steps
from layerscope.analysis.tree.path_index import PathIndex

MOST_LAYERS = 254
"""The highest number of a layer up to which the occurrences of a path, one for each layer at most, fit into a byte."""

_IS_REMOVED = byte_flags(int(ChangeKind.REMOVED).__eq__)
_IS_CHANGED = byte_flags(int(ChangeKind.UNCHANGED).__ne__)


class LayerFlags(Struct, frozen=True):
    """A range of nodes at one layer: flags by occurrence, as numbers, and how they become flags by node.

    ``current`` are the last occurrences in layers up to this one, and ``own`` those that this layer made. Of each node
    that has any, ``kept`` has exactly one occurrence: the current one or, without one, the first.
    """

    count: int
    current: int
    own: int
    kept: int
    removed: int
    changed: int
    occurrence_counts: bytes

    def shown(self) -> bytes:
        """Flag the nodes that are present, or that this layer removed."""
        return self._by_node(self.current ^ (self.current & self.removed & ~self.own))

    def touched(self, *, copies: bool) -> bytes:
        """Flag the nodes that the layer changed, with ``copies`` also those that it only holds again."""
        own = self.current & self.own
        return self._by_node(own if copies else own & self.changed)

    def _by_node(self, flags: int) -> bytes:
        """Return the flags of the occurrences that are kept: the others are made 2, and left out.

        In the example of `layer_flags`, ``kept`` is 0 1 1 at layer 3: the flags 0 1 0 become 2 1 0, and then 1 0.
        """
        left_out = number_of(b"\1" * self.count) ^ self.kept
        by_node = flags_of(flags | left_out << 1, self.count).translate(None, b"\2")
        return _with_absent(by_node, self.occurrence_counts)


def layer_flags(index: PathIndex, nodes: range, layer: int) -> LayerFlags:
    """Return the flags of nodes at a layer. The number of no layer may exceed `MOST_LAYERS`.

    For a node with occurrences in layers 1 and 3, and another with one in layer 2, a byte each, the lowest first::

        layer                   1 3 2
        first                   1 0 1
                       at layer 2    at layer 3
        so_far              1 0 1         1 1 1
        so_far >> 8         0 1 0         1 1 0     (the next occurrence in place of each)
        superseded          0 0 0         1 0 0
        current             1 0 1         0 1 1

    """
    part = slice(index.firsts[nodes.start], index.firsts[nodes.stop])
    layers, changes = column_bytes(index.layers[part], 0), index.changes[part]
    counts = steps(index.firsts[nodes.start : nodes.stop + 1])
    every, first = number_of(b"\1" * len(layers)), number_of(_first_flags(counts))
    so_far = number_of(layers.translate(byte_flags(layer.__ge__)))
    # the next occurrence, one byte up, is of the same node and of a layer up to this one, too
    superseded = so_far & (so_far >> 8) & ((every ^ first) >> 8)
    current = so_far ^ superseded
    return LayerFlags(
        count=len(layers),
        current=current,
        own=number_of(layers.translate(byte_flags(layer.__eq__))),
        kept=current | (first & ~so_far),
        removed=number_of(changes.translate(_IS_REMOVED)),
        changed=number_of(changes.translate(_IS_CHANGED)),
        occurrence_counts=counts,
    )


def _first_flags(counts: bytes) -> bytes:
    """Flag the first occurrence of each node, given how many each one has."""
    counts = counts.translate(None, b"\0")
    for count in {*counts.translate(None, b"\1")}:
        counts = counts.replace(bytes([count]), b"\1" + bytes(count - 1))
    return counts


def _with_absent(flags: bytes, counts: bytes) -> bytes:
    """Insert flags for the nodes that no layer has: few, whose only layer took them back."""
    absent = counts.find(0)
    if absent < 0:
        return flags
    inserted = bytearray(flags)
    while absent >= 0:
        inserted.insert(absent, 0)
        absent = counts.find(0, absent + 1)
    return bytes(inserted)
