"""The files that the final image shows; together with the dead files they are all content."""

from array import array
from bisect import bisect_left
from dataclasses import dataclass

from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.model.columns import Ints
from layerscope.model.entries import Kind


@dataclass(frozen=True, slots=True)
class LiveFiles:
    """Every regular file whose bytes the final image shows, once each, including empty ones; columns by path.

    ``nodes``: the file's own path, or that of the first hard link to it if its own path is gone; ``occurrences``: the
    file; ``layers``: the layer that wrote it; ``sizes`` in bytes.
    """

    nodes: Ints
    occurrences: Ints
    layers: Ints
    sizes: Ints

    def __len__(self) -> int:
        return len(self.nodes)

    def below(self, node: int, end: int) -> range:
        """Return the positions of the files from a node to before another: with `PathIndex.ends`, those of a folder."""
        return range(bisect_left(self.nodes, node), bisect_left(self.nodes, end))


def live_files(tree: LayeredTree) -> LiveFiles:
    """Return the files of the merged tree at the last layer."""
    firsts, rows, layers = tree.index.firsts, tree.index.rows, tree.index.layers
    names: dict[int, int] = {}
    for node in range(1, len(tree.index)):
        last = firsts[node + 1] - 1
        if last < firsts[node] or rows[last] < 0:
            continue
        kind = tree.tables[layers[last]].kinds[rows[last]]
        if kind == Kind.FILE:
            names[last] = node
        elif kind == Kind.HARDLINK and (file := tree.file_behind(last)) >= 0:
            names.setdefault(file, node)
    files = sorted(names, key=names.__getitem__)
    return LiveFiles(
        array("I", map(names.__getitem__, files)),
        array("I", files),
        array("H", map(layers.__getitem__, files)),
        array("q", map(tree.own_size, files)),
    )
