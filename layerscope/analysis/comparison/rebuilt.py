"""Whether a layer that was built again holds the same as before."""

from array import array

from layerscope.analysis.comparison.difference import UNSETTLED, ComparedBytes, difference
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.node_paths import NodePaths
from layerscope.analysis.tree.path_index import GONE, IMPLIED
from layerscope.analysis.tree.tree_state import touched_nodes


def holds_the_same(
    old_tree: LayeredTree, old_layer: int, new_tree: LayeredTree, new_layer: int, contents: ComparedBytes
) -> bool | None:
    """Return whether two layers of two images hold the same entries, except for times, and hide the same paths.

    None if bytes cannot be read; they are read only if everything else is equal.
    """
    old_entries, new_entries = _entries(old_tree, old_layer), _entries(new_tree, new_layer)
    if old_entries.keys() != new_entries.keys():
        return False
    pairs = []
    for path, old in old_entries.items():
        new = new_entries[path]
        if old is None or new is None:
            if old is not new:
                return False
            continue
        aspects = difference(old_tree, old, new_tree, new)
        if aspects & ~UNSETTLED:
            return False
        if aspects:
            pairs.append((old_tree.file_behind(old), new_tree.file_behind(new)))
    answers = contents.same(pairs)
    if False in answers:
        return False
    return None if None in answers else True


def _entries(tree: LayeredTree, layer: int) -> dict[bytes, int | None]:
    """Return the occurrences of a layer by path; None for a path that it hides."""
    paths, rows = NodePaths(tree.index), tree.index.rows
    entries: dict[bytes, int | None] = {}
    for node in touched_nodes(tree.index, array("I", [layer])):
        occurrence = tree.index.own_occurrence(node, layer)
        if rows[occurrence] != IMPLIED:
            entries[paths(node)] = None if rows[occurrence] == GONE else occurrence
    return entries


def same_tables(old_tree: LayeredTree, old_layer: int, new_tree: LayeredTree, new_layer: int) -> bool:
    """Return whether two layers with one diff_id were read alike, column by column."""
    old, new = old_tree.tables.get(old_layer), new_tree.tables.get(new_layer)
    return old is not None and old == new
