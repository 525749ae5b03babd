"""The comparison of a layer that was built again with the layer before."""

from collections.abc import Iterable

from layerscope.analysis.comparison.difference import UNSETTLED, ComparedBytes, difference
from layerscope.analysis.tree.change import GONE, IMPLIED
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.tree_state import NodePaths, touched_nodes


class LayerContents:
    """The paths that some layers of an image wrote or hid, found in one pass, however many layers those are."""

    def __init__(self, tree: LayeredTree, layers: Iterable[int]) -> None:
        self.tree = tree
        self._nodes: dict[int, list[int]] = {layer: [] for layer in layers}
        for node in touched_nodes(tree.index, self._nodes.keys()):
            for occurrence in tree.index.occurrences(node):
                nodes = self._nodes.get(tree.index.layers[occurrence])
                if nodes is not None:
                    nodes.append(node)

    def occurrences(self, layer: int) -> dict[bytes, int | None]:
        """Return the occurrences of a layer by path; None for a path that it hides."""
        index, paths, entries = self.tree.index, NodePaths(self.tree.index), dict[bytes, int | None]()
        for node in self._nodes[layer]:
            occurrence = index.own_occurrence(node, layer)
            if index.rows[occurrence] != IMPLIED:
                entries[paths(node)] = None if index.rows[occurrence] == GONE else occurrence
        return entries


def holds_the_same(
    old: LayerContents, old_layer: int, new: LayerContents, new_layer: int, contents: ComparedBytes
) -> bool | None:
    """Return whether two layers of two images hold the same entries, except for times, and hide the same paths.

    None if bytes cannot be read; they are read only if everything else is equal.
    """
    old_entries, new_entries = old.occurrences(old_layer), new.occurrences(new_layer)
    if old_entries.keys() != new_entries.keys():
        return False
    pairs = []
    for path, old_entry in old_entries.items():
        new_entry = new_entries[path]
        if old_entry is None or new_entry is None:
            if old_entry is not new_entry:
                return False
            continue
        aspects = difference(old.tree, old_entry, new.tree, new_entry)
        if aspects & ~UNSETTLED:
            return False
        if aspects:
            pairs.append((old.tree.file_behind(old_entry), new.tree.file_behind(new_entry)))
    answers = contents.same(pairs)
    if False in answers:
        return False
    return None if None in answers else True


def same_tables(old_tree: LayeredTree, old_layer: int, new_tree: LayeredTree, new_layer: int) -> bool:
    """Return whether two layers with one diff_id were read alike, column by column."""
    old, new = old_tree.tables.get(old_layer), new_tree.tables.get(new_layer)
    return old is not None and old == new
