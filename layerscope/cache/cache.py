"""The records that earlier runs have kept, in one folder whose size is bounded."""

import errno
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from isal.isal_zlib import crc32

from layerscope.cache.record import (
    PRIVATE_FILE,
    TEMPORARY,
    RecordHead,
    create_private,
    default_folder,
    is_private_folder,
    make_private_folder,
    note_use,
    read_head,
    read_record,
    write_record,
)
from layerscope.model.columns import ColumnWriter

LARGEST = 2_000_000_000
"""The bytes that the cache takes at most; it also never takes more than a fifth of the free space."""

_SHARE_OF_FREE = 5
_ABANDONED_SECONDS = 3600
"""A file that is still being written after this time belongs to a process that has ended."""


class RecordKind(StrEnum):
    """The kinds of records, as `layerscope cache list` names them."""

    TALLIES = "figures"
    TREE = "tree"
    ENTRIES = "entries"
    CONTENT = "digests"
    ANSWER = "answers"
    IMAGE = "images"
    OUTLINE = "outlines"
    LAYER = "layers"
    EXPORT = "exports"
    BUILD = "builds"
    DOCUMENT = "documents"
    BLOB = "blobs"


_NAME = rf"(?:{'|'.join(RecordKind)})-[0-9a-f]{{8}}(?:-\d+-\d+\{TEMPORARY})?"
"""The names of our files: others in a folder that the environment names are left alone."""

_EXPORTS = "(content of exported images)"

_UNUSED_SECONDS = 30 * 24 * 3600


class CacheEntry(NamedTuple):
    """One file of the cache: its size in bytes, and the time of its last use.

    ``head`` is None for a file that is damaged, unfinished, or of another version of layerscope.
    """

    path: Path
    head: RecordHead | None
    size: int
    used: float

    @property
    def is_stale(self) -> bool:
        """True if the file is of no use, or has not been used for 30 days."""
        age = time.time() - self.used
        is_unfinished = self.path.name.endswith(TEMPORARY) and age < _ABANDONED_SECONDS
        return age > _UNUSED_SECONDS or (self.head is None and not is_unfinished)


class Cache:
    """The records in a folder, by default the user's. No method raises: what cannot be read or written is not kept.

    Any number of processes may use a folder at the same time.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._given_folder = folder
        self._has_grown = False

    @cached_property
    def folder(self) -> Path:
        """The folder, which need not exist."""
        return self._given_folder or default_folder()

    def read(self, kind: RecordKind, key: str) -> memoryview | None:
        return read_record(self._path(kind, key), f"{kind} {key}") if is_private_folder(self.folder) else None

    def adopt(self, file: Path) -> Path | None:
        """Move a file that is not needed any more into the cache, and return its new path, or None if that fails.

        It is copied from another file system. Its content is not checked here, so every reader has to check it.
        """
        if not make_private_folder(self.folder):
            return None
        path = self._path(RecordKind.EXPORT, str(file))
        try:
            if file.stat().st_size > self.bound:
                return None
            file.chmod(PRIVATE_FILE)
            _move(file, path)
        except OSError:
            return None
        self._has_grown = True
        return path

    def adopted(self, name: str) -> Path | None:
        """Return the place of a file that was adopted under this name, if it is still there."""
        path = self.folder / name
        if not re.fullmatch(_NAME, name) or not is_private_folder(self.folder) or not path.is_file():
            return None
        note_use(path)
        return path

    def holds(self, kind: RecordKind, key: str) -> bool:
        """Return whether there is a record; it may turn out to be damaged when it is read."""
        head = read_head(self._path(kind, key)) if is_private_folder(self.folder) else None
        return head is not None and head.key == f"{kind} {key}"

    def keep(self, kind: RecordKind, key: str, label: str, write: Callable[[ColumnWriter], object]) -> None:
        """Keep what ``write`` writes. A user sees the record listed under ``label``."""
        if not make_private_folder(self.folder):
            return
        self._has_grown = True
        with suppress(OSError):
            write_record(self._path(kind, key), f"{kind} {key}", label, write)

    def _path(self, kind: RecordKind, key: str) -> Path:
        """Return the file of a record: two keys of one name only displace each other, since a record holds its key."""
        return self.folder / f"{kind}-{crc32(key.encode('utf-8', 'surrogateescape')):08x}"

    @property
    def problem(self) -> str | None:
        """The reason why the folder cannot be used, in one sentence; None if it can, or is yet to be made."""
        if not os.path.lexists(self.folder) or is_private_folder(self.folder):
            return None
        return f"{self.folder} is not a folder that only this user can enter (mode 0700), so nothing is kept"

    @property
    def bound(self) -> int:
        """The bytes that the cache may take."""
        try:
            disk = os.statvfs(self.folder)
            free = disk.f_bavail * disk.f_frsize
        except OSError:
            return LARGEST
        return min(LARGEST, (free + self.size) // _SHARE_OF_FREE)

    @property
    def size(self) -> int:
        return sum(status.st_size for _, status in self._files())

    def entries(self) -> list[CacheEntry]:
        """Return the files of the cache, the last used first."""
        entries = [CacheEntry(path, _head(path), status.st_size, status.st_mtime) for path, status in self._files()]
        return sorted(entries, key=lambda entry: entry.used, reverse=True)

    def shrink(self) -> None:
        """Remove the records that have not been used for longest, as far as the bound requires; costs a look at each.

        The content of layers goes first: it takes the most, and can be had again. Does nothing if this process has kept
        nothing.
        """
        if not self._has_grown:
            return
        self._has_grown = False
        left, now = self.bound, time.time()
        for path, status in sorted(self._files(), key=_worth, reverse=True):
            left -= status.st_size
            is_abandoned = path.name.endswith(TEMPORARY) and now - status.st_mtime > _ABANDONED_SECONDS
            if left < 0 or is_abandoned:
                _remove(path)

    def remove(self, entries: Iterable[CacheEntry]) -> None:
        for entry in entries:
            _remove(entry.path)

    def _files(self) -> Iterator[tuple[Path, os.stat_result]]:
        with suppress(OSError):
            for path in self.folder.iterdir() if is_private_folder(self.folder) else ():
                if re.fullmatch(_NAME, path.name):
                    with suppress(OSError):
                        yield path, path.lstat()


def _move(file: Path, path: Path) -> None:
    """Move a file, or copy it where it is on another file system; raises OSError."""
    try:
        file.rename(path)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        import shutil  # noqa: PLC0415  # 2 ms, and few caches are on another file system

        temporary = path.with_name(f"{path.name}-{os.getpid()}-0{TEMPORARY}")
        try:
            os.close(create_private(temporary))
            shutil.copyfile(file, temporary)
            temporary.replace(path)
        except BaseException:
            _remove(temporary)
            raise


def _head(path: Path) -> RecordHead | None:
    """Return the head of a record; an export has none of its own."""
    return RecordHead(RecordKind.EXPORT, _EXPORTS, 0, 0) if path.name.startswith(RecordKind.EXPORT) else read_head(path)


def _worth(file: tuple[Path, os.stat_result]) -> tuple[bool, float]:
    path, status = file
    return not path.name.startswith(RecordKind.EXPORT), status.st_mtime


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
