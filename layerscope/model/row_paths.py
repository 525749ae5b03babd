"""The paths of a layer's rows: a tar lists the files of a folder together, so a folder is stored once for many."""

from collections.abc import Callable, Iterable, Iterator


class RowPaths:
    """The path of each row, in the order of rows: runs of names that are in one folder.

    ``_folders`` has the folder of each run, and ``_names`` its names with zero bytes between them, which no name has.
    The names of the run that is being written are ``_open``.
    """

    def __init__(self, folders: Iterable[bytes] = (), names: Iterable[bytes] = ()) -> None:
        self._folders = list(folders)
        self._names = list(names)
        self._folder = b""
        self._open: list[bytes] = []

    @classmethod
    def unpacked(cls, folders: bytes, names: bytes) -> "RowPaths":
        """Return the paths that `packed` gave, of one row at least."""
        return cls(folders.split(b"\0"), names.split(b"/"))

    def packed(self) -> tuple[bytes, bytes]:
        """Return the folders and the names, each in one piece."""
        folders, names = self._columns()
        return b"\0".join(folders), b"/".join(names)

    def begin(self, folder: bytes) -> None:
        """Begin a run of names in a folder."""
        self._close()
        self._folder = folder

    def name_appender(self) -> Callable[[bytes], None]:
        """Return what adds a name to the run that was begun last."""
        return self._open.append

    def append(self, path: bytes) -> None:
        """Add a path."""
        folder, _, name = path.rpartition(b"/")
        if folder != self._folder:
            self.begin(folder)
        self._open.append(name)

    def extend(self, following: "RowPaths") -> None:
        """Add the paths of the rows that follow these."""
        self._close()
        folders, names = following._columns()  # noqa: SLF001  # of this class
        self._folders += folders
        self._names += names

    def last(self, count: int) -> list[bytes]:
        """Return the paths of the last rows."""
        paths: list[bytes] = []
        for folder, names in zip(*map(reversed, self._columns()), strict=True):
            if len(paths) >= count:
                break
            paths[:0] = _joined(folder, names)
        return paths[len(paths) - count :]

    def runs(self, start: int = 0) -> Iterator[tuple[bytes, bytes]]:
        """Yield the folder of each run from one on, and its names with zero bytes between them."""
        folders, names = self._columns()
        return zip(folders[start:], names[start:], strict=True)

    def run_count(self) -> int:
        """Return the number of runs."""
        return len(self._columns()[0])

    def __iter__(self) -> Iterator[bytes]:
        for folder, names in self.runs():
            yield from _joined(folder, names)

    def _columns(self) -> tuple[list[bytes], list[bytes]]:
        self._close()
        return self._folders, self._names

    def _close(self) -> None:
        if self._open:
            self._folders.append(self._folder)
            self._names.append(b"\0".join(self._open))
            self._open.clear()


def _joined(folder: bytes, names: bytes) -> list[bytes]:
    prefix = folder + b"/" if folder else b""
    return [prefix + name for name in names.split(b"\0")]
