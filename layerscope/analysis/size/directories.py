"""The size of each directory: the bytes below it that the final image shows, and the dead ones."""

from bisect import bisect_left
from heapq import heappop, heappush
from itertools import accumulate
from typing import NamedTuple

from layerscope.analysis.size.dead import DeadBytes
from layerscope.analysis.size.live import LiveFiles
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.model.entries import Kind


class DirectoryRow(NamedTuple):
    """A path with the bytes at and below it: ``size`` live ones in ``files`` files, and ``dead`` ones beside them."""

    node: int
    name: bytes
    is_directory: bool
    size: int
    dead: int
    files: int


class DirectorySizes:
    """Sums by node; those of the root are the sums of the image, because all content is either live or dead.

    All that is below a folder follows it in the order of nodes, so that its sum is the difference of two running sums.
    """

    def __init__(self, tree: LayeredTree, live: LiveFiles, dead: DeadBytes) -> None:
        self._tree = tree
        self._last = tree.layers[-1] if tree.layers else 0
        self._live = live
        self._live_sums = list(accumulate(live.sizes, initial=0))
        by_node = sorted((entry.node, entry.size) for entry in dead.entries)
        self._dead_nodes = [node for node, _ in by_node]
        self._dead_sums = list(accumulate((size for _, size in by_node), initial=0))

    def row(self, node: int) -> DirectoryRow:
        index = self._tree.index
        is_directory = self._is_parent(node) or self._tree.is_directory(node, self._last)
        files = len(self._files(node))
        return DirectoryRow(node, index.name(node), is_directory, self.size(node), self.dead(node), files)

    def heaviest_folders(self, count: int) -> list[DirectoryRow]:
        """Return the largest folders, without the root; an empty folder is never among them."""
        folders, pending = list[int](), [(0, 0)]
        while pending and len(folders) <= count:
            _, folder = heappop(pending)
            # what is another kind of file now has no row, but dead folders below it may
            entry = self._tree.entry(folder, self._last)
            if entry is None or entry.kind is Kind.DIR:
                folders.append(folder)
            # none of them is larger than the folder that holds it
            for node in filter(self._is_parent, self._tree.index.children(folder)):
                if size := self.size(node) + self.dead(node):
                    heappush(pending, (-size, node))
        return [self.row(node) for node in folders[1:]]

    def size(self, node: int) -> int:
        files = self._files(node)
        return self._live_sums[files.stop] - self._live_sums[files.start]

    def dead(self, node: int) -> int:
        start, end = bisect_left(self._dead_nodes, node), bisect_left(self._dead_nodes, self._tree.index.ends[node])
        return self._dead_sums[end] - self._dead_sums[start]

    def all_bytes(self, node: int) -> int:
        """Return the live and the dead bytes together."""
        return self.size(node) + self.dead(node)

    def nodes(self, folder: int) -> list[int]:
        """Return the nodes right below a folder that have any bytes, the largest first."""
        sizes = {node: (self.size(node), self.dead(node)) for node in self._tree.index.children(folder)}
        return sorted(filter(lambda node: any(sizes[node]), sizes), key=lambda node: (-sizes[node][0], -sizes[node][1]))

    def rows(self, folder: int) -> list[DirectoryRow]:
        """Return the entries right below a folder that have any bytes, the largest first."""
        return [self.row(node) for node in self.nodes(folder)]

    def _is_parent(self, node: int) -> bool:
        return self._tree.index.ends[node] > node + 1

    def _files(self, node: int) -> range:
        return self._live.below(node, self._tree.index.ends[node])
