"""The files of an image at a layer, by path, and limits on the package databases among them."""

from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import TypeVar

from layerscope.analysis.content import Prefixes
from layerscope.analysis.size.live import LiveFiles
from layerscope.analysis.tree.image_links import ImagePaths
from layerscope.analysis.tree.layered_tree import LayeredTree

LARGEST_FILE = 32 * 1024 * 1024
LARGEST_TOTAL = 64 * 1024 * 1024
"""The most bytes that are read of one database file, and of all of an image."""

LONGEST_PATH = 4096
"""The longest path that an image can hold, in bytes: longer ones in a database are those of no file."""

_MOST_LINES = 2_000_000
_BLANK_LINE = 40
"""The lines that a blank one counts for: it ends a package, which costs as much time and memory."""

_LONGEST_LINE = 1024 * 1024

_MOST_PATH_BYTES = 128 * 1024 * 1024


Part = TypeVar("Part")


class ParseBudget:
    """The lines that may still be parsed of the databases of one image."""

    def __init__(self, lines: int = _MOST_LINES) -> None:
        self._left = lines
        self._path_bytes_left = _MOST_PATH_BYTES

    @property
    def is_spent(self) -> bool:
        """True if lines were left out."""
        return self._left < 0

    def lines(self, data: bytes) -> Iterator[bytes]:
        """Yield the lines of a file without their line endings, one at a time: a list of them could fill the memory.

        Lines of more than a megabyte are left out, and everything after the last line of the budget.
        """
        for line in BytesIO(data):
            self._left -= 1 if len(line) > 1 else _BLANK_LINE
            if self._left < 0:
                return
            if len(line) <= _LONGEST_LINE:
                yield line.rstrip(b"\r\n")

    def paths(self, paths: Iterable[bytes]) -> tuple[bytes, ...]:
        """Return paths that are put together, until they take too much memory: a folder may be that of many names."""
        kept = list[bytes]()
        for path in paths:
            self._path_bytes_left -= len(path)
            if self._path_bytes_left < 0:
                self._left = -1
                break
            kept.append(path)
        return tuple(kept)

    def limited(self, parts: Iterable[Part]) -> Iterator[Part]:
        """Yield the parts of a line, each of which counts as a line, too."""
        for part in parts:
            self._left -= 1
            if self._left < 0:
                return
            yield part


def needed_size(size: int, most: int) -> int:
    """Return how many bytes of a file are read, if that is not too many: all, unless its start is enough."""
    return size if most == LARGEST_FILE else min(size, most)


def needed_of_databases(live: LiveFiles, nodes: Iterable[int], most: int = LARGEST_FILE) -> dict[int, int]:
    """Return the files at the nodes, by occurrence, that `FinalFiles.read` can read, and how many bytes of each."""
    wanted, left = dict[int, int](), LARGEST_TOTAL
    for node in nodes:
        for position in live.below(node, node + 1):
            size = needed_size(live.sizes[position], most)
            if size <= min(most, left):
                left -= size
                wanted[live.occurrences[position]] = most
    return wanted


def needed_of_database(size: int) -> int:
    """Return how many bytes `FinalFiles.read` can read of a database of this size."""
    return LARGEST_FILE if size <= LARGEST_FILE else 0


class LayerFiles:
    """The regular files of the merged tree at a layer by path, with symlinked folders followed.

    ``budget`` limits what is parsed of them; ``unread`` are files that were too large, or too many, to be read.
    """

    def __init__(self, tree: LayeredTree, layer: int, prefixes: Prefixes, budget: ParseBudget | None = None) -> None:
        self.tree = tree
        self.layer = layer
        self._prefixes = prefixes
        self.budget = budget or ParseBudget()
        self.unread: list[bytes] = []
        self._bytes_left = LARGEST_TOTAL
        self._paths = ImagePaths(tree, layer)
        self._folders: dict[bytes, int | None] = {b"": 0}

    def file(self, path: bytes) -> int | None:
        folder, _, name = path.rpartition(b"/")
        parent = self._folder(folder)
        node = None if parent is None else self.tree.index.child(parent, name)
        return None if node is None else self._file_at(node)

    def files_below(self, folder: bytes) -> Iterator[int]:
        """Yield the occurrences of all regular files below the folder."""
        node = self._folder(folder)
        for each in range(node + 1, self.tree.index.ends[node]) if node else ():
            file = self._file_at(each)
            if file is not None:
                yield file

    def read(self, paths: Iterable[bytes], most: int = LARGEST_FILE) -> dict[bytes, bytes]:
        """Return the bytes of the files at the paths, or their first ones if fewer are the ``most`` that is needed.

        Files that are missing, too large or unreadable are left out.
        """
        files = {path: file for path in paths if (file := self.file(path)) is not None}
        wanted: dict[bytes, int] = {}
        for path, file in files.items():
            size = needed_size(self.tree.own_size(file), most)
            if size <= min(most, self._bytes_left):
                self._bytes_left -= size
                wanted[path] = file
            else:
                self.unread.append(path)
        contents = self._prefixes(list(wanted.values()), most)
        return {path: data for path, file in wanted.items() if (data := contents.get(file)) is not None}

    def lines(self, path: bytes, data: bytes) -> Iterator[bytes]:
        """Yield the lines of the file at the path, as far as the budget goes; beyond it, the file counts as unread."""
        yield from self.budget.lines(data)
        if self.budget.is_spent:
            self.unread.append(path)

    def _file_at(self, node: int) -> int | None:
        """Return the regular file whose bytes count at a node."""
        occurrence = self.tree.index.occurrence(node, self.layer)
        file = self.tree.file_behind(occurrence) if occurrence >= 0 else -1
        return file if file >= 0 and self.tree.index.carrier(file, self.layer) == occurrence else None

    def _folder(self, path: bytes) -> int | None:
        if path not in self._folders:
            node = self._paths.node(path)
            is_folder = node is not None and self.tree.is_directory(node, self.layer)
            self._folders[path] = node if is_folder else None
        return self._folders[path]


class FinalFiles(LayerFiles):
    """The ``live`` files at a layer, by default the last; a file is named by its position among them."""

    def __init__(self, tree: LayeredTree, live: LiveFiles, prefixes: Prefixes, layer: int | None = None) -> None:
        last = tree.layers[-1] if tree.layers else 0
        super().__init__(tree, last if layer is None else layer, prefixes)
        self.live = live
        self._positions = {node: position for position, node in enumerate(live.nodes)}
        self._names: dict[int, dict[bytes, int]] = {}

    def file(self, path: bytes) -> int | None:
        position = self.position(path)
        return None if position is None else self.live.occurrences[position]

    def position(self, path: bytes) -> int | None:
        folder, _, name = path.rpartition(b"/")
        parent = self._folder(folder)
        return None if parent is None else self._positions.get(self._children(parent).get(name, 0))

    def below(self, folder: bytes) -> range:
        """Return the positions of all files below the folder."""
        node = self._folder(folder)
        return range(0) if not node else self.live.below(node, self.tree.index.ends[node])

    def _children(self, folder: int) -> dict[bytes, int]:
        """Return the nodes directly below a folder by name.

        A package lists thousands of files in few folders, and a dictionary finds them faster than `PathIndex.child`.
        """
        if folder not in self._names:
            index = self.tree.index
            self._names[folder] = {index.name(child): child for child in index.children(folder)}
        return self._names[folder]
