"""The final image as a file system, for those who look up files in it by path."""

from collections.abc import Iterable, Iterator, Mapping

from layerscope.analysis.content import Prefixes
from layerscope.analysis.search.path_patterns import nodes_named
from layerscope.analysis.size.live import LiveFiles
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.model.entries import Kind

LARGEST_DATABASE = 64 * 1024 * 1024
"""More than this is read of no file, in bytes."""

_MOST_LINKS = 40
"""As in Linux: a path that leads through more symlinks leads nowhere."""


class FinalFiles:
    """Files by path, symlinked folders followed; a file's place is that among the live files."""

    def __init__(self, tree: LayeredTree, live: LiveFiles, prefixes: Prefixes) -> None:
        self.live = live
        self._tree = tree
        self._prefixes = prefixes
        self._places = {node: place for place, node in enumerate(live.nodes)}
        self._folders: dict[bytes, int | None] = {b"": 0}
        self._names: dict[int, dict[bytes, int]] = {}
        self._last = tree.layers[-1] if tree.layers else 0

    def place(self, path: bytes) -> int | None:
        """Return the place of the regular file at the path, or None where there is none."""
        folder, _, name = path.rpartition(b"/")
        parent = self._folder(folder)
        return None if parent is None else self._places.get(self._children(parent).get(name, 0))

    def below(self, folder: bytes) -> range:
        """Return the places of all files below the folder."""
        node = self._folder(folder)
        return range(0) if not node else self.live.below(node, self._tree.index.ends[node])

    def path(self, place: int) -> bytes:
        """Return the path of a file."""
        return self._tree.index.path(self.live.nodes[place])

    def paths_below(self, folder: bytes) -> list[bytes]:
        """Return the paths of all files below the folder."""
        return [self.path(place) for place in self.below(folder)]

    def paths_named(self, name: bytes) -> Iterator[bytes]:
        """Yield the paths of all files of that name."""
        return (self._tree.index.path(node) for node in nodes_named(self._tree.index, name) if node in self._places)

    def read(self, paths: Iterable[bytes]) -> Mapping[bytes, bytes]:
        """Return the bytes of the files at the paths; what is not there, too large or unreadable is left out."""
        places = {path: place for path in paths if (place := self.place(path)) is not None}
        wanted = {
            path: self.live.occurrences[place]
            for path, place in places.items()
            if self.live.sizes[place] <= LARGEST_DATABASE
        }
        found = self._prefixes(list(wanted.values()), LARGEST_DATABASE)
        return {path: data for path, file in wanted.items() if (data := found.get(file)) is not None}

    def _folder(self, path: bytes) -> int | None:
        """Return the node of a folder, or None where the path leads to none."""
        if path not in self._folders:
            self._folders[path] = self._walk(path)
        return self._folders[path]

    def _walk(self, path: bytes) -> int | None:
        node, links = 0, 0
        ahead = path.split(b"/")[::-1]
        while ahead:
            part = ahead.pop()
            if part in (b"", b".", b".."):
                node = self._tree.index.parents[node] if part == b".." else node
                continue
            child = self._children(node).get(part, 0)
            kind, target = self._kind_and_target(child)
            if kind is Kind.DIR:
                node = child
                continue
            links += 1
            if kind is not Kind.SYMLINK or links > _MOST_LINKS:
                return None
            node = 0 if target.startswith(b"/") else node
            ahead += target.split(b"/")[::-1]
        return node

    def _children(self, folder: int) -> dict[bytes, int]:
        """Return the nodes right below a folder by name."""
        if folder not in self._names:
            index = self._tree.index
            self._names[folder] = {index.name(child): child for child in index.children(folder)}
        return self._names[folder]

    def _kind_and_target(self, node: int) -> tuple[Kind | None, bytes]:
        """Return what stands at the node in the end, and where it leads to if it is a symlink; nothing for the root."""
        tree = self._tree
        if not node or not tree.is_present(node, self._last):
            return None, b""
        occurrence = tree.index.occurrence(node, self._last)
        kind, row = tree.kind(occurrence), tree.index.rows[occurrence]
        target = tree.tables[tree.index.layers[occurrence]].link(row) if kind is Kind.SYMLINK else None
        return kind, target or b""
