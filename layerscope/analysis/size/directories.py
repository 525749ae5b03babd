"""The size of each directory: the bytes below it that the final image shows, and the dead ones."""

from heapq import nsmallest
from typing import NamedTuple

from layerscope.analysis.size.dead import DeadBytes
from layerscope.analysis.size.live import LiveFiles
from layerscope.analysis.tree.layered_tree import LayeredTree


class DirectoryRow(NamedTuple):
    """A path with the bytes at and below it: ``size`` live ones in ``files`` files, and ``dead`` ones beside them."""

    node: int
    name: bytes
    is_directory: bool
    size: int
    dead: int
    files: int


class DirectorySizes:
    """Sums by node; those of the root are the sums of the image, because all content is either live or dead."""

    def __init__(self, tree: LayeredTree, live: LiveFiles, dead: DeadBytes) -> None:
        self._tree = tree
        self._last = tree.layers[-1] if tree.layers else 0
        count = len(tree.index)
        self._sizes, self._dead, self._files = [0] * count, [0] * count, [0] * count
        for node, size in zip(live.nodes, live.sizes, strict=True):
            self._sizes[node] += size
            self._files[node] += 1
        for entry in dead.entries:
            self._dead[entry.node] += entry.size
        parents = tree.index.parents
        for node in range(count - 1, 0, -1):
            parent = parents[node]
            self._sizes[parent] += self._sizes[node]
            self._dead[parent] += self._dead[node]
            self._files[parent] += self._files[node]

    def row(self, node: int) -> DirectoryRow:
        """Return the sums of one path."""
        index = self._tree.index
        is_directory = index.ends[node] > node + 1 or self._tree.is_directory(node, self._last)
        return DirectoryRow(
            node, index.name(node), is_directory, self._sizes[node], self._dead[node], self._files[node]
        )

    def heaviest_folders(self, count: int) -> list[DirectoryRow]:
        """Return the largest folders, without the root; an empty folder is never among them."""
        sizes, dead, ends = self._sizes, self._dead, self._tree.index.ends
        folders = (
            (-sizes[node] - dead[node], node)
            for node in range(1, len(sizes))
            if ends[node] > node + 1 and (sizes[node] or dead[node])
        )
        return [self.row(node) for _, node in nsmallest(count, folders)]

    def size(self, node: int) -> int:
        """Return the live bytes at and below a node."""
        return self._sizes[node]

    def dead(self, node: int) -> int:
        """Return the dead bytes at and below a node."""
        return self._dead[node]

    def nodes(self, folder: int) -> list[int]:
        """Return the nodes right below a folder that have any bytes, the largest first."""
        sizes, dead = self._sizes, self._dead
        nodes = [node for node in self._tree.index.children(folder) if sizes[node] or dead[node]]
        nodes.sort(key=lambda node: (-sizes[node], -dead[node], node))
        return nodes

    def rows(self, folder: int) -> list[DirectoryRow]:
        """Return the entries right below a folder that have any bytes, the largest first."""
        return [self.row(node) for node in self.nodes(folder)]
