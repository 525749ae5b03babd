"""Columns, declared as the fields of a struct, and the paths of the rows that they have.

A column holds the values of millions of rows in one piece of memory, and crosses from one process to another as the
bytes that it is. The struct that owns a column declares its type once; everything else takes the list from there.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import Any, Protocol, TypeAlias, TypeVar

from msgspec import Struct, field

Ints: TypeAlias = "array[int]"
"""A column of numbers."""

Buffer: TypeAlias = "bytes | bytearray | memoryview | array[int]"
"""The memory of a column."""

Value = TypeVar("Value")


class ColumnWriter(Protocol):
    """A file, or a pipe to another process, that columns are written to."""

    def write(self, data: Buffer, /) -> object:
        """Write all of the bytes."""

    def flush(self) -> None:
        """Write what is buffered."""


def column(kind: str | type[bytes] | type[bytearray]) -> Any:
    """Return the field of an empty column: an array of a type code, bytes, or a bytearray."""
    return field(default_factory=partial(array, kind) if isinstance(kind, str) else kind)


def picked(column: Sequence[Value], positions: Sequence[int]) -> Sequence[Value]:
    """Return the values of a column at some positions, in half the time that `map` takes."""
    if len(positions) > 1:
        values: tuple[Value, ...] = itemgetter(*positions)(column)
        return values
    return [column[position] for position in positions]


def columns_of(record: Struct) -> Iterator[Buffer]:
    """Yield the columns of a struct, in the order of its fields."""
    return (value for value in _fields(record).values() if isinstance(value, _COLUMNS))


def columns_from(record_class: type[Struct], buffers: Iterable[bytes]) -> dict[str, Any]:
    """Return the columns whose bytes `columns_of` gave, by the name of their field in the struct."""
    empty = {name: value for name, value in _fields(record_class()).items() if isinstance(value, _COLUMNS)}
    return {name: _filled(column, data) for (name, column), data in zip(empty.items(), buffers, strict=True)}


def other_fields(record: Struct) -> Mapping[str, Any]:
    """Return the fields of a struct that are not columns, by name."""
    return {name: value for name, value in _fields(record).items() if not isinstance(value, _COLUMNS)}


_COLUMNS = (array, bytearray, bytes)


def _fields(record: Struct) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__struct_fields__}


def _filled(empty: Buffer, data: bytes) -> Buffer:
    if isinstance(empty, array):
        numbers = array(empty.typecode)
        numbers.frombytes(data)
        return numbers
    return type(empty)(data)


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
        self._close()
        self._folder = folder

    def name_appender(self) -> Callable[[bytes], None]:
        """Return what adds a name to the run that was begun last."""
        return self._open.append

    def append(self, path: bytes) -> None:
        folder, _, name = path.rpartition(b"/")
        if folder != self._folder:
            self.begin(folder)
        self._open.append(name)

    def extend(self, following: "RowPaths") -> None:
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
