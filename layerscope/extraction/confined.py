"""A folder that no path can lead out of: every path is opened part by part, and no link is followed."""

import os
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Self

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
PRIVATE = 0o700
"""The mode of a folder while files are written into it."""


_KEPT = 64
"""The last folders of a path that stay open, and one of 64 above them: paths may have 2,000 levels."""


class _OpenFolders:
    """The descriptors of the folder that was used last, and of some of those that contain it.

    Most calls are about a folder near the last one; walking down from the root for each of them would take time with
    the square of the depth.
    """

    def __init__(self, root: int) -> None:
        self._open = [(root, 0, 0)]
        self._path = b""

    def descriptor(self, path: bytes) -> int:
        """Return the descriptor of a folder, which is open until the next call."""
        while not self._is_above(path, self._open[-1][1]):
            self._close_last()
        descriptor, length, depth = self._open[-1]
        self._path = path[:length]
        for part in path[length:].lstrip(b"/").split(b"/") if length < len(path) else ():
            if part in (b"", b".", b".."):
                raise ValueError(path)
            descriptor = os.open(part, _FOLDER, dir_fd=descriptor)
            length, depth = length + len(part) + (length > 0), depth + 1
            self._keep(descriptor, path[:length], depth)
        return descriptor

    def _is_above(self, path: bytes, length: int) -> bool:
        """Return whether the open folder with a path of that length is the one with the path, or contains it."""
        return not length or (path[:length] == self._path[:length] and path[length : length + 1] in (b"", b"/"))

    def _keep(self, descriptor: int, path: bytes, depth: int) -> None:
        # the way back up, when metadata is set or folders are removed, would else open each level anew
        if len(self._open) >= _KEPT and self._open[-_KEPT][2] % _KEPT:
            os.close(self._open.pop(-_KEPT)[0])
        self._open.append((descriptor, len(path), depth))
        self._path = path

    def _close_last(self) -> None:
        os.close(self._open.pop()[0])

    def forget(self, path: bytes) -> None:
        """Close what is open of a path that is about to be moved or removed."""
        if self._path == path or self._path.startswith(path + b"/"):
            while len(self._open) > 1 and self._open[-1][1] >= len(path):
                self._close_last()
            self._path = self._path[: self._open[-1][1]]

    def close(self) -> None:
        while self._open:
            self._close_last()


class ConfinedFolder(AbstractContextManager["ConfinedFolder"]):
    """A folder as a context manager. Paths are relative bytes without ``..``; the empty one is the folder itself.

    All methods raise OSError; a symlink in place of a folder raises NotADirectoryError or ELOOP.
    """

    def __init__(self, descriptor: int) -> None:
        self._folders = _OpenFolders(descriptor)

    @classmethod
    def open(cls, path: bytes) -> Self:
        """Open a folder that the user named; links in its own path are followed."""
        return cls(os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))

    @contextmanager
    def folder(self, path: bytes) -> Iterator[int]:
        """Open a folder below, and close it at the end of the block."""
        descriptor = os.dup(self._folders.descriptor(path))
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def parent(self, path: bytes) -> Iterator[tuple[int, bytes]]:
        """Open the folder that contains a path; yield it with the last part of the path."""
        folder, _, name = path.rpartition(b"/")
        if name in (b"", b".", b".."):
            raise ValueError(path)
        with self.folder(folder) as descriptor:
            yield descriptor, name

    def below(self, path: bytes) -> "ConfinedFolder":
        """Open a folder below as a confined folder of its own."""
        with self.folder(path) as descriptor:
            return ConfinedFolder(os.dup(descriptor))

    def status(self, path: bytes) -> os.stat_result | None:
        """Return the status of the path, without following a link; None if it does not exist."""
        with suppress(FileNotFoundError), self.parent(path) as (folder, name):
            return os.stat(name, dir_fd=folder, follow_symlinks=False)
        return None

    def is_folder(self, path: bytes) -> bool:
        """Return whether the path is a folder, and not a link to one."""
        status = self.status(path)
        return status is not None and stat.S_ISDIR(status.st_mode)

    def make_folder(self, path: bytes, mode: int = PRIVATE) -> None:
        with self.parent(path) as (folder, name):
            os.mkdir(name, mode, dir_fd=folder)

    @contextmanager
    def new_file(self, path: bytes) -> Iterator[int]:
        """Make a new file, and close it at the end of the block."""
        with self.parent(path) as (folder, name):
            descriptor = os.open(name, _NEW_FILE, 0o600, dir_fd=folder)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def make_symlink(self, path: bytes, target: bytes) -> None:
        """Make a symlink; its target is not looked at."""
        with self.parent(path) as (folder, name):
            os.symlink(target, name, dir_fd=folder)

    def make_link(self, path: bytes, file: bytes) -> None:
        """Make a hard link to a file below this folder."""
        with self.parent(file) as (source, old), self.parent(path) as (folder, name):
            os.link(old, name, src_dir_fd=source, dst_dir_fd=folder, follow_symlinks=False)

    def make_pipe(self, path: bytes) -> None:
        with self.parent(path) as (folder, name):
            os.mkfifo(name, 0o600, dir_fd=folder)

    def make_device(self, path: bytes, kind: int, device: int) -> None:
        """Make a device node; ``kind`` is a file type of `stat`."""
        with self.parent(path) as (folder, name):
            os.mknod(name, kind | 0o600, device, dir_fd=folder)

    def move(self, path: bytes, other: "ConfinedFolder", new: bytes) -> None:
        """Move a path to another folder in one step; an existing file is replaced."""
        self._folders.forget(path)
        other._folders.forget(new)  # noqa: SLF001  # of the same class
        with self.parent(path) as (source, old), other.parent(new) as (folder, name):
            os.rename(old, name, src_dir_fd=source, dst_dir_fd=folder)

    def names(self, path: bytes) -> list[bytes]:
        with self.folder(path) as descriptor:
            return sorted(map(os.fsencode, os.listdir(descriptor)))  # noqa: PTH208  # a descriptor

    def remove_all(self, path: bytes) -> None:
        """Remove the path and everything below it; skip what cannot be removed."""
        pending, folders = [path], []
        while pending:
            with suppress(OSError):
                current = pending.pop()
                if self.is_folder(current):
                    folders.append(current)
                    with self.folder(current) as descriptor:
                        os.fchmod(descriptor, PRIVATE)
                    pending += [current + b"/" + name for name in self.names(current)]
                else:
                    with self.parent(current) as (folder, name):
                        os.unlink(name, dir_fd=folder)
        for current in reversed(folders):
            with suppress(OSError):
                self.remove_empty(current)

    def remove_empty(self, path: bytes) -> None:
        self._folders.forget(path)
        with self.parent(path) as (folder, name):
            os.rmdir(name, dir_fd=folder)

    def close(self) -> None:
        self._folders.close()

    def __exit__(self, *_exit: object) -> None:
        self.close()
