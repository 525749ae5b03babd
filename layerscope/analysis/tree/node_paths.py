"""The paths of many nodes, with each folder's path built once."""

from layerscope.analysis.tree.path_index import PathIndex


class NodePaths:
    """A function from a node to its relative path, which remembers the paths of folders."""

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
