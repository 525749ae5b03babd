"""What each directory weighs: the bytes below it that the final image shows, and the dead ones."""

from collections.abc import Iterator
from typing import NamedTuple

from layerscope.analysis.dead import DeadBytes
from layerscope.analysis.layered_tree import LayeredTree
from layerscope.analysis.live import LiveFiles


class DirectoryRow(NamedTuple):
    """A path with the bytes at and below it: ``size`` live, ``dead`` beside them, in so many live files."""

    node: int
    name: bytes
    is_directory: bool
    size: int
    dead: int
    files: int


class DirectoryWeights:
    """Sums by node. Those of the root are the sums of the image: live and dead bytes together are all its content."""

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
        """Return what one path weighs."""
        index = self._tree.index
        is_directory = index.ends[node] > node + 1 or self._tree.is_directory(node, self._last)
        return DirectoryRow(
            node, index.name(node), is_directory, self._sizes[node], self._dead[node], self._files[node]
        )

    def folders(self) -> Iterator[DirectoryRow]:
        """Yield the folders that weigh something, the root aside, in the order of paths."""
        for node in range(1, len(self._sizes)):
            if self._sizes[node] or self._dead[node]:
                row = self.row(node)
                if row.is_directory:
                    yield row

    def rows(self, folder: int) -> list[DirectoryRow]:
        """Return what lies right below a folder and weighs something, the heaviest first."""
        children = self._tree.index.children(folder)
        weighing = [node for node in children if self._sizes[node] or self._dead[node]]
        weighing.sort(key=lambda node: (-self._sizes[node], -self._dead[node], node))
        return [self.row(node) for node in weighing]
