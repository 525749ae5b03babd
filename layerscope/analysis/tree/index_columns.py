"""Columns of a path index that follow from others, for code that builds an index."""

from array import array
from collections.abc import Iterable
from itertools import count, islice

from layerscope.model.columns import Ints

_LARGEST = (1 << 63) - 1


def subtree_ends(parents: Ints) -> Ints:
    """Return one past the last descendant of each node, given the parents of nodes in preorder."""
    ends = array("I", range(1, len(parents) + 1))
    last_children = dict(zip(islice(parents, 1, None), count(1)))
    # backwards, a folder comes after those below it, and its subtree ends where that of its last child does
    for folder, child in reversed(last_children.items()):
        ends[folder] = ends[child]
    return ends


def size_columns(sizes: Iterable[int]) -> tuple[Ints, dict[int, int]]:
    """Return sizes as a column, with those that do not fit by position."""
    sizes = list(sizes)
    try:
        return array("q", sizes), {}
    except OverflowError:
        return _split_columns(sizes)


def _split_columns(sizes: Iterable[int]) -> tuple[Ints, dict[int, int]]:
    column, large = array("q"), dict[int, int]()
    for position, size in enumerate(sizes):
        if -_LARGEST <= size <= _LARGEST:
            column.append(size)
        else:
            column.append(0)
            large[position] = size
    return column, large
