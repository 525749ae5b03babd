"""The files that a container has written, where its engine keeps them in a folder that this user may read.

They are described as in the layer that a commit would make. Nothing is copied: the headers of that layer become a
tar-split file, and the content of a file is read from the folder when it is needed.
"""

import gzip
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, closing, suppress
from tarfile import BLKTYPE, BLOCKSIZE, CHRTYPE, DIRTYPE, FIFOTYPE, LNKTYPE, PAX_FORMAT, REGTYPE, SYMTYPE, TarInfo
from typing import IO

import msgspec

from layerscope.errors import InvalidLayer
from layerscope.model.entries import OPAQUE_MARKER, WHITEOUT_PREFIX
from layerscope.sources.store.tar_split import CONTENT, FOLDER_FLAGS, RAW, Record, folder_beneath, parts_of

_KINDS = {
    stat.S_IFREG: REGTYPE,
    stat.S_IFDIR: DIRTYPE,
    stat.S_IFLNK: SYMTYPE,
    stat.S_IFIFO: FIFOTYPE,
    stat.S_IFCHR: CHRTYPE,
    stat.S_IFBLK: BLKTYPE,
}
"""A tar has no sockets, and a commit leaves them out."""

_OPAQUE = "trusted.overlay.opaque"
_ELSEWHERE = frozenset({"trusted.overlay.redirect", "trusted.overlay.metacopy"})
"""Attributes of a file whose content or whose name is in a lower layer; neither Docker nor podman mounts like that."""

_END = bytes(2 * BLOCKSIZE)


class WrittenFiles(AbstractContextManager["WrittenFiles"]):
    """An open folder with files that a container has written; a context manager.

    ``xattrs`` are the beginnings of the names of those attributes that a commit keeps. A file that a running container
    removes in between is left out.
    """

    def __init__(self, folder: str, xattrs: tuple[str, ...] = ()) -> None:
        self._folder = os.open(folder, FOLDER_FLAGS)
        self._parts: list[bytes] = []
        self._nearest = os.dup(self._folder)
        """The folder with these parts, opened last: from there to one of its files is not far."""
        self._xattrs = xattrs
        self.named_as_whiteouts: list[bytes] = []
        """Files with names that make a commit take them for whiteouts."""
        self._links: dict[tuple[int, int], str] = {}

    def __exit__(self, *_exit: object) -> None:
        os.close(self._nearest)
        os.close(self._folder)

    def upper_entries(self) -> Iterator[TarInfo]:
        """Yield the entries of an overlay's upper folder, where a device 0:0 or an attribute says what was removed.

        Raises InvalidLayer where the folder does not hold all that was written.
        """
        waiting = self._children(b"")
        while waiting:
            path = waiting.pop()
            with suppress(OSError):
                parent, leaf = self._opened(path)
                status = os.lstat(leaf, dir_fd=parent)
                if stat.S_ISCHR(status.st_mode) and status.st_rdev == 0:
                    yield whiteout(path)
                    continue
                attributes = _xattrs(parent, leaf)
                if not _ELSEWHERE.isdisjoint(attributes):
                    raise InvalidLayer("the overlay keeps a part of this layer in another one")
                yield from self._entries(path, status, parent, leaf)
                if stat.S_ISDIR(status.st_mode):
                    if attributes.get(_OPAQUE) == b"y":
                        yield TarInfo(_text(path + b"/" + OPAQUE_MARKER))
                    waiting += self._children(path)

    def entries_of(self, paths: Iterable[bytes]) -> Iterator[TarInfo]:
        for path in paths:
            with suppress(OSError):
                parent, leaf = self._opened(path)
                yield from self._entries(path, os.lstat(leaf, dir_fd=parent), parent, leaf)

    def names(self, path: bytes) -> list[bytes]:
        """Return the names in a folder, sorted; none if there is no such folder."""
        with suppress(OSError):
            # the folder, as the parent of any name
            folder, _ = self._opened(path + b"/_")
            with os.scandir(folder) as entries:
                return sorted(os.fsencode(entry.name) for entry in entries)
        return []

    def facts(self, path: bytes) -> tuple[int, ...] | None:
        """Return kind, mode, owner, size and time of a path, None if it does not exist."""
        with suppress(OSError):
            parent, leaf = self._opened(path)
            status = os.lstat(leaf, dir_fd=parent)
            size = 0 if stat.S_ISDIR(status.st_mode) else status.st_size
            return status.st_mode, status.st_uid, status.st_gid, size, status.st_mtime_ns
        return None

    def _opened(self, path: bytes) -> tuple[int, bytes]:
        """Return a descriptor of the folder of a path, valid until the next call, and the name; raises OSError."""
        *parents, leaf = parts_of(path)
        if parents != self._parts:
            start, rest = self._folder, parents
            if parents[: len(self._parts)] == self._parts:
                start, rest = self._nearest, parents[len(self._parts) :]
            descriptor = folder_beneath(start, rest)
            os.close(self._nearest)
            self._nearest, self._parts = descriptor, parents
        return self._nearest, leaf

    def _children(self, path: bytes) -> list[bytes]:
        """Return the paths in a folder, in descending order."""
        return [path + b"/" + name if path else name for name in reversed(self.names(path))]

    def _entries(self, path: bytes, status: os.stat_result, parent: int, leaf: bytes) -> Iterator[TarInfo]:
        kind = _KINDS.get(stat.S_IFMT(status.st_mode))
        if kind is None:
            return
        if leaf.startswith(WHITEOUT_PREFIX):
            self.named_as_whiteouts.append(path)
        entry = TarInfo(_text(path))
        entry.type, entry.mode, entry.mtime = kind, stat.S_IMODE(status.st_mode), int(status.st_mtime)
        entry.uid, entry.gid = status.st_uid, status.st_gid
        if kind == SYMTYPE:
            entry.linkname = _text(os.readlink(leaf, dir_fd=parent))
        elif kind in (CHRTYPE, BLKTYPE):
            entry.devmajor, entry.devminor = os.major(status.st_rdev), os.minor(status.st_rdev)
        elif kind == REGTYPE:
            entry.size = status.st_size
        if kind != DIRTYPE and status.st_nlink > 1:
            first = self._links.setdefault((status.st_dev, status.st_ino), entry.name)
            if first != entry.name:
                entry.type, entry.linkname, entry.size = LNKTYPE, first, 0
        kept = {name: value for name, value in _xattrs(parent, leaf).items() if name.startswith(self._xattrs)}
        entry.pax_headers = {f"SCHILY.xattr.{name}": _text(value) for name, value in kept.items()}
        yield entry


def whiteout(path: bytes) -> TarInfo:
    """Return the marker that hides a path of lower layers."""
    parent, separator, name = path.rpartition(b"/")
    return TarInfo(_text(parent + separator + WHITEOUT_PREFIX + name))


def write_tar_split(file: IO[bytes], entries: Iterable[TarInfo]) -> None:
    """Write the headers of the entries as a tar-split file; raises OSError."""
    with closing(gzip.GzipFile("", "wb", 1, file, 0)) as packed:

        def write(record: Record) -> None:
            packed.write(msgspec.json.encode(record) + b"\n")

        for entry in entries:
            write(Record(RAW, entry.tobuf(PAX_FORMAT, "utf-8", "surrogateescape")))
            if entry.size:
                write(Record(CONTENT, name_raw=os.fsencode(entry.name), size=entry.size))
                if entry.size % BLOCKSIZE:
                    write(Record(RAW, bytes(-entry.size % BLOCKSIZE)))
        write(Record(RAW, _END))


def _xattrs(parent: int, leaf: bytes) -> dict[str, bytes]:
    """Return the extended attributes of a file, of a symlink its own; none where they cannot be read."""
    # no function takes a folder's descriptor here
    path = b"/proc/self/fd/%d/%b" % (parent, leaf)
    with suppress(OSError):
        names = os.listxattr(path, follow_symlinks=False)
        return {name: os.getxattr(path, name, follow_symlinks=False) for name in names}
    return {}


def _text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")
