"""The efficiency of an image by dive's formula, so that a migrated check keeps its verdict.

https://github.com/wagoodman/dive/blob/main/dive/filetree/efficiency.go: of every path that is a leaf in the tree of a
layer, the smallest of its occurrences, divided by the sum of all of them. A whiteout is an occurrence, too: of a
directory it has the size of everything below it, of a file none, and it counts beside an entry of the same path. An
opaque whiteout is none.
"""

from collections.abc import Iterator

from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.occurrence import GONE
from layerscope.model.entries import Kind


def dive_efficiency(tree: LayeredTree) -> float:
    """Return the efficiency from 0 to 1; 1 for an image without content."""
    least = total = 0
    for sizes in _leaf_sizes(tree):
        least += min(sizes)
        total += sum(sizes)
    return least / total if total else 1.0


def _leaf_sizes(tree: LayeredTree) -> Iterator[list[int]]:
    """Yield for each path the sizes of its occurrences as a leaf, if there are any."""
    index, inner = tree.index, set[tuple[int, int]]()
    # Children come after their directory in preorder, so from the end, the inner directories of each layer are known.
    for node in range(len(index) - 1, 0, -1):
        sizes = []
        for occurrence in index.occurrences(node):
            layer, row = index.layers[occurrence], index.rows[occurrence]
            is_whited_out = index.is_whited_out(occurrence)
            if is_whited_out:
                was_directory = tree.kind(occurrence - 1) is Kind.DIR
                sizes.append(index.size_below(node, layer - 1) if was_directory else 0)
            if row >= 0 and (node, layer) not in inner:
                sizes.append(tree.own_size(occurrence))
            if row != GONE or is_whited_out:
                inner.add((index.parents[node], layer))
        if sizes:
            yield sizes
