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
            prefix = self._folders[folder] = self._prefix(folder)
        return prefix + self._index.name(node)

    def _prefix(self, folder: int) -> bytes:
        """Return the path of a folder with a slash, from the nearest folder above it whose path is known."""
        parts = [b""]
        while folder not in self._folders:
            parts.append(self._index.name(folder))
            folder = self._index.parents[folder]
        return self._folders[folder] + b"/".join(reversed(parts))
