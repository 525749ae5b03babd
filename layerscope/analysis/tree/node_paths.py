"""Paths of many nodes: those of their folders are put together once."""

from layerscope.analysis.tree.path_index import PathIndex


class NodePaths:
    """Gives the relative path of a node, and remembers that of its folder."""

    def __init__(self, index: PathIndex) -> None:
        self._index = index
        self._folders: dict[int, bytes] = {0: b""}

    def __call__(self, node: int) -> bytes:
        """Return the path."""
        folder = self._index.parents[node]
        prefix = self._folders.get(folder)
        if prefix is None:
            prefix = self._folders[folder] = self._index.path(folder) + b"/"
        return prefix + self._index.name(node)
