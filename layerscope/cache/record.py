"""The files of the cache, and their folder: it belongs to the user alone, or there is no cache.

A file is a header, a key, a label, and a body::

    magic      8 bytes
    version   32 bytes   of this format and of layerscope, and the order of bytes in columns; filled up with zeros
    checksum   4 bytes   crc32 of everything behind the header
    key        4 bytes   its length
    label      4 bytes   its length
    body       8 bytes   its length

Numbers are little-endian. The checksum finds damage; no other user can write to the folder. A file that is cut,
damaged, of another version or of another key is a miss, and is removed.
"""

import os
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from io import FileIO
from itertools import count
from pathlib import Path
from struct import Struct
from typing import NamedTuple

# zlib's takes ten times as long
from isal.isal_zlib import crc32

from layerscope import __version__
from layerscope.model.columns import Buffer, ColumnWriter

_FORMAT = 7
"""To be increased when what is kept, or the rules by which it was computed, change between two releases."""

_MAGIC = b"LSCACHE\n"
_VERSION = f"{_FORMAT} {__version__} {sys.byteorder}".encode().ljust(32, b"\0")
_HEADER = Struct("<8s32sIIIQ")
TEMPORARY = ".new"
"""The end of the name of a file that is being written."""

_numbers = count()


PLACE_VARIABLE = "LAYERSCOPE_CACHE_DIR"
"""An environment variable that names another folder."""

_PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600


def default_folder() -> Path:
    """Return the folder that the environment names, or the user's folder for caches on this system."""
    named = os.environ.get(PLACE_VARIABLE)
    if named:
        return Path(named)
    from platformdirs import user_cache_path  # noqa: PLC0415  # 8 ms, and a small image needs no cache

    return user_cache_path("layerscope", appauthor=False)


def is_private_folder(folder: Path) -> bool:
    """Return whether a folder belongs to the effective user only: with sudo, it may be another's."""
    try:
        status = os.lstat(folder)
    except OSError:
        return False
    is_own = status.st_uid == os.geteuid()
    return stat.S_ISDIR(status.st_mode) and is_own and stat.S_IMODE(status.st_mode) == _PRIVATE_FOLDER


def _is_private_file(descriptor: int) -> bool:
    """Return whether an open file is a regular one that belongs to the effective user only."""
    status = os.fstat(descriptor)
    is_own = status.st_uid == os.geteuid()
    return stat.S_ISREG(status.st_mode) and is_own and stat.S_IMODE(status.st_mode) == PRIVATE_FILE


def make_private_folder(folder: Path) -> bool:
    """Make the folder if it is missing, and return whether it is private.

    Nothing is made inside a folder of another user. With sudo, HOME may be theirs, and they could not use what root
    makes there.
    """
    if is_private_folder(folder):
        return True
    missing = [each for each in (folder, *folder.parents) if not os.path.lexists(each)]
    with suppress(OSError):
        if missing and os.lstat(missing[-1].parent).st_uid == os.geteuid():
            for each in reversed(missing):
                each.mkdir(_PRIVATE_FOLDER, exist_ok=True)
    return is_private_folder(folder)


def create_private(path: Path) -> int:
    """Return the descriptor of a new file that only this user can read and write; raises OSError."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE)


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
        self.checksum = crc32(left, self.checksum)
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
    header = file.read(_HEADER.size) if _is_private_file(file.fileno()) else b""
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
    return checked[head.body - _HEADER.size :] if crc32(checked) == head.checksum else None
