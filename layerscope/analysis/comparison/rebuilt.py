"""Tells whether a layer that was built again holds what it held before."""

from array import array

from layerscope.analysis.comparison.difference import UNSETTLED, ComparedBytes, difference, shown_file
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.node_paths import NodePaths
from layerscope.analysis.tree.overlay import GONE, IMPLIED
from layerscope.analysis.tree.tree_state import touched_nodes

_COLUMNS = (
    "kinds",
    "sizes",
    "permissions",
    "permission_sets",
    "mtimes",
    "data_offsets",
    "link_rows",
    "link_ends",
    "links",
    "xattrs",
    "devices",
    "sparse",
)


def holds_the_same(
    old: LayeredTree, layer: int, new: LayeredTree, other_layer: int, contents: ComparedBytes
) -> bool | None:
    """Tell whether two layers of two images hold the same entries, all but times, and hide the same paths.

    None where bytes cannot be read; bytes are read only where all else is equal.
    """
    entries, others = _entries(old, layer), _entries(new, other_layer)
    if entries.keys() != others.keys():
        return False
    pairs = []
    for path, one in entries.items():
        other = others[path]
        if one is None or other is None:
            if one is not other:
                return False
            continue
        found = difference(old, one, new, other)
        if found & ~UNSETTLED:
            return False
        if found:
            pairs.append((shown_file(old, one), shown_file(new, other)))
    answers = contents.same(pairs)
    if False in answers:
        return False
    return None if None in answers else True


def _entries(tree: LayeredTree, layer: int) -> dict[bytes, int | None]:
    """Return the occurrences of a layer by path, None for a path that it hides."""
    paths, rows = NodePaths(tree.index), tree.index.rows
    found: dict[bytes, int | None] = {}
    for node in touched_nodes(tree.index, array("I", [layer])):
        occurrence = tree.index.own_occurrence(node, layer)
        if rows[occurrence] != IMPLIED:
            found[paths(node)] = None if rows[occurrence] == GONE else occurrence
    return found


def same_tables(old: LayeredTree, layer: int, new: LayeredTree, other_layer: int) -> bool:
    """Tell whether two layers that claim to be the same were read alike, column by column."""
    one, other = old.tables.get(layer), new.tables.get(other_layer)
    if one is None or other is None:
        return False
    return one is other or all(getattr(one, column) == getattr(other, column) for column in _COLUMNS)
