"""The copy that a container made of a path of its image, to change it."""

from typing import NamedTuple

from layerscope.analysis.comparison.difference import UNSETTLED, Aspect, difference
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.occurrence import GONE


class CopyUp(NamedTuple):
    """A path of an image that a container's writable layer holds again, or hides.

    ``layer`` is the one that it was copied up from, ``size`` the bytes that the copy takes in the writable layer.
    ``what`` is empty for a path that is hidden; ``is_settled`` is false if two files of one size were not compared.
    """

    layer: int
    is_removed: bool
    what: Aspect
    is_settled: bool
    size: int


def copy_up(tree: LayeredTree, node: int, writable_layer: int) -> CopyUp | None:
    """Return what the writable layer did to a path of the layers before it, as far as the columns say; else None."""
    source = tree.layer_below(node, writable_layer)
    if source is None:
        return None
    occurrence = tree.index.occurrence(node, writable_layer)
    if tree.index.rows[occurrence] == GONE:
        return CopyUp(source, is_removed=True, what=Aspect(0), is_settled=True, size=0)
    found = difference(tree, occurrence - 1, tree, occurrence)
    what, is_settled = Aspect(found & ~UNSETTLED), not found & UNSETTLED
    return CopyUp(source, is_removed=False, what=what, is_settled=is_settled, size=tree.own_size(occurrence))
