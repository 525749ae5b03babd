"""The copy that a container made of a path of its image, to change it."""

from typing import NamedTuple

from layerscope.analysis.comparison.difference import UNSETTLED, Aspect, difference
from layerscope.analysis.tree.change import GONE
from layerscope.analysis.tree.layered_tree import LayeredTree


class CopyUp(NamedTuple):
    """A path of an image that a container's writable layer holds again, or hides.

    ``layer`` is the one that it was copied up from, ``size`` the bytes that the copy takes in the writable layer.
    ``what`` is empty for a path that is hidden; ``is_settled`` is false if two files of one size were not compared.
    ``has_other_time`` is false if both times are in the same second: a folder is also copied up for what is below it.
    """

    layer: int
    is_removed: bool
    what: Aspect
    is_settled: bool
    has_other_time: bool
    size: int


def copy_up(tree: LayeredTree, node: int, writable_layer: int) -> CopyUp | None:
    """Return what the writable layer did to a path of the layers before it, as far as the columns say; else None."""
    source = tree.layer_below(node, writable_layer)
    if source is None:
        return None
    occurrence = tree.index.occurrence(node, writable_layer)
    if tree.index.rows[occurrence] == GONE:
        return CopyUp(source, is_removed=True, what=Aspect(0), is_settled=True, has_other_time=False, size=0)
    found = difference(tree, occurrence - 1, tree, occurrence, mtime=True)
    return CopyUp(
        source,
        is_removed=False,
        what=Aspect(found & ~UNSETTLED & ~Aspect.MTIME),
        is_settled=not found & UNSETTLED,
        has_other_time=bool(found & Aspect.MTIME),
        size=tree.own_size(occurrence),
    )
