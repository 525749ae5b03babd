"""The files that the final image shows: with the dead ones, they are all the content there is."""

from array import array
from bisect import bisect_left
from dataclasses import dataclass

from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.model.entries import Ints, Kind


@dataclass(frozen=True, slots=True)
class LiveFiles:
    """Every regular file whose bytes the final image shows, once each, empty ones too; columns in the order of paths.

    ``nodes``: where it stands, or where the first hard link to it does if its own path is gone; ``occurrences``: the
    file; ``layers``: who wrote it; ``sizes`` in bytes.
    """

    nodes: Ints
    occurrences: Ints
    layers: Ints
    sizes: Ints

    def __len__(self) -> int:
        return len(self.nodes)

    def below(self, node: int, end: int) -> range:
        """Return the places of the files from a node to before another: with `PathIndex.ends`, those of a folder."""
        return range(bisect_left(self.nodes, node), bisect_left(self.nodes, end))


def live_files(tree: LayeredTree) -> LiveFiles:
    """Return the files that are there after the last layer."""
    firsts, rows, layers = tree.index.firsts, tree.index.rows, tree.index.layers
    found: dict[int, int] = {}
    for node in range(1, len(tree.index)):
        last = firsts[node + 1] - 1
        if last < firsts[node] or rows[last] < 0:
            continue
        kind = tree.tables[layers[last]].kinds[rows[last]]
        if kind == Kind.FILE:
            found[last] = node
        elif kind == Kind.HARDLINK and (file := tree.index.link_targets.get(last, -1)) >= 0:
            found.setdefault(file, node)
    files = sorted(found, key=found.__getitem__)
    return LiveFiles(
        array("I", map(found.__getitem__, files)),
        array("I", files),
        array("H", map(layers.__getitem__, files)),
        array("q", [tree.tables[layers[file]].sizes[rows[file]] for file in files]),
    )
