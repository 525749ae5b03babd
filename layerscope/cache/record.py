"""The files of the cache.

A file is a header, a key, a label, and a body::

    magic      8 bytes
    version   32 bytes   of this format and of layerscope, and the order of bytes in columns; filled up with zeros
    checksum   4 bytes   crc32 of everything behind the header
    key        4 bytes   its length
    label      4 bytes   its length
    body       8 bytes   its length

Numbers are little-endian. The checksum finds damage; nobody else can write to the folder. A file that is cut, damaged,
of another version or of another key is a miss, and is removed.
"""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from io import FileIO
from itertools import count
from pathlib import Path
from struct import Struct
from typing import NamedTuple

from isal.isal_zlib import crc32

from layerscope import __version__
from layerscope.cache.folder import create_private, is_private_file
from layerscope.model.columns import Buffer, ColumnWriter

_FORMAT = 7
"""To be increased when what is kept, or the rules by which it was computed, change between two releases."""

_MAGIC = b"LSCACHE\n"
_VERSION = f"{_FORMAT} {__version__} {sys.byteorder}".encode().ljust(32, b"\0")
_HEADER = Struct("<8s32sIIIQ")

TEMPORARY = ".new"
"""The end of the name of a file that is being written."""

_numbers = count()


def checksum(data: Buffer, start: int = 0) -> int:
    """Return the crc32 of bytes that follow others whose checksum is ``start``; zlib's takes ten times as long."""
    return crc32(data, start)


class RecordHead(NamedTuple):
    """The subject of a record: its key, and a label for the user; ``body`` is where its body begins."""

    key: str
    label: str
    body: int
    checksum: int


class _BodyWriter:
    """Writes to a file, and sums up the bytes."""

    def __init__(self, file: FileIO) -> None:
        self._file = file
        self.checksum = 0
        self.size = 0

    def write(self, data: Buffer, /) -> None:
        left = memoryview(data).cast("B")
        self.checksum = checksum(left, self.checksum)
        self.size += len(left)
        while left:
            left = left[self._file.write(left) :]

    def flush(self) -> None:
        """Do nothing: nothing is buffered."""


def write_record(path: Path, key: str, label: str, write: Callable[[ColumnWriter], object]) -> None:
    """Write a record beside its place, and move it there when it is whole; raises OSError.

    Several processes may write the same record: the last one replaces the others.
    """
    names = [name.encode("utf-8", "surrogateescape") for name in (key, label)]
    temporary = path.with_name(f"{path.name}-{os.getpid()}-{next(_numbers)}{TEMPORARY}")
    try:
        with FileIO(create_private(temporary), "wb") as file:
            file.write(bytes(_HEADER.size))
            writer = _BodyWriter(file)
            for name in names:
                writer.write(name)
            write(writer)
            sizes = [len(name) for name in names]
            file.seek(0)
            file.write(_HEADER.pack(_MAGIC, _VERSION, writer.checksum, *sizes, writer.size - sum(sizes)))
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def read_record(path: Path, key: str) -> memoryview | None:
    """Return the body of a record, or None if there is none with this key; any other file of that name is removed."""
    try:
        with FileIO(_open(path), "rb") as file:
            head = _read_head(file)
            body = _checked_body(file, head) if head is not None and head.key == key else None
            if body is not None:
                note_use(path)
    except FileNotFoundError:
        return None
    except OSError:
        body = None
    if body is None:
        with suppress(OSError):
            path.unlink()
    return body


def _open(path: Path) -> int:
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)


def note_use(path: Path) -> None:
    """Make now the time of the last use, if the cache can be written to."""
    with suppress(OSError):
        os.utime(path)


def read_head(path: Path) -> RecordHead | None:
    """Return what a record is about, without a look at its body; None for any other file."""
    try:
        with FileIO(_open(path), "rb") as file:
            return _read_head(file)
    except OSError:
        return None


def _read_head(file: FileIO) -> RecordHead | None:
    """Return the head of an open file, or None where it is none of this version with a body of the stated length."""
    header = file.read(_HEADER.size) if is_private_file(file.fileno()) else b""
    if len(header) < _HEADER.size:
        return None
    magic, version, stated, key_size, label_size, body_size = _HEADER.unpack(header)
    body = _HEADER.size + key_size + label_size
    if magic != _MAGIC or version != _VERSION or os.fstat(file.fileno()).st_size != body + body_size:
        return None
    names = file.read(key_size + label_size)
    key, label = (name.decode("utf-8", "surrogateescape") for name in (names[:key_size], names[key_size:]))
    return RecordHead(key, label, body, stated)


def _checked_body(file: FileIO, head: RecordHead) -> memoryview | None:
    """Return the body that follows a head, or None where the checksum is another."""
    file.seek(_HEADER.size)
    checked = memoryview(file.readall())
    return checked[head.body - _HEADER.size :] if checksum(checked) == head.checksum else None
