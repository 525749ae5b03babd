"""A folder that nothing written into it can lead out of: every path is walked part by part, and no link is followed."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Self

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
PRIVATE = 0o700
"""The mode of a folder while it is being filled."""


class ConfinedFolder:
    """Paths are relative bytes without ``..``, and the folder itself is the empty one; a context manager.

    All methods raise OSError; one that meets a symlink where a folder should be raises NotADirectoryError or ELOOP.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def open(cls, path: bytes) -> Self:
        """Open a folder that the user named: links in its own path are the user's."""
        return cls(os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))

    @contextmanager
    def folder(self, path: bytes) -> Iterator[int]:
        """Open a folder below, and close it again."""
        descriptor = os.dup(self._descriptor)
        try:
            for part in path.split(b"/") if path else ():
                if part in (b"", b".", b".."):
                    raise ValueError(path)
                below = os.open(part, _FOLDER, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = below
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def parent(self, path: bytes) -> Iterator[tuple[int, bytes]]:
        """Open the folder that a path is in, and give the path's last part with it."""
        folder, _, name = path.rpartition(b"/")
        if name in (b"", b".", b".."):
            raise ValueError(path)
        with self.folder(folder) as descriptor:
            yield descriptor, name

    def below(self, path: bytes) -> "ConfinedFolder":
        """Open a folder below as one of its own."""
        with self.folder(path) as descriptor:
            return ConfinedFolder(os.dup(descriptor))

    def status(self, path: bytes) -> os.stat_result | None:
        """Return what is at the path, a link itself; None where nothing is."""
        with suppress(FileNotFoundError), self.parent(path) as (folder, name):
            return os.stat(name, dir_fd=folder, follow_symlinks=False)
        return None

    def is_folder(self, path: bytes) -> bool:
        """Tell whether there is a folder, and no link to one."""
        found = self.status(path)
        return found is not None and stat.S_ISDIR(found.st_mode)

    def make_folder(self, path: bytes, mode: int = PRIVATE) -> None:
        """Make a folder in one that is there."""
        with self.parent(path) as (folder, name):
            os.mkdir(name, mode, dir_fd=folder)

    @contextmanager
    def new_file(self, path: bytes) -> Iterator[int]:
        """Make a file that was not there, and close it again."""
        with self.parent(path) as (folder, name):
            descriptor = os.open(name, _NEW_FILE, 0o600, dir_fd=folder)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def make_symlink(self, path: bytes, target: bytes) -> None:
        """Make a symlink; nobody looks where it leads."""
        with self.parent(path) as (folder, name):
            os.symlink(target, name, dir_fd=folder)

    def make_link(self, path: bytes, file: bytes) -> None:
        """Make a hard link to a file below this folder."""
        with self.parent(file) as (source, old), self.parent(path) as (folder, name):
            os.link(old, name, src_dir_fd=source, dst_dir_fd=folder, follow_symlinks=False)

    def make_pipe(self, path: bytes) -> None:
        """Make a named pipe."""
        with self.parent(path) as (folder, name):
            os.mkfifo(name, 0o600, dir_fd=folder)

    def make_device(self, path: bytes, kind: int, device: int) -> None:
        """Make a device node; ``kind`` is a file type of `stat`."""
        with self.parent(path) as (folder, name):
            os.mknod(name, kind | 0o600, device, dir_fd=folder)

    def move(self, path: bytes, other: "ConfinedFolder", new: bytes) -> None:
        """Move what is at the path to another one, in one step; a file that is there is replaced."""
        with self.parent(path) as (source, old), other.parent(new) as (folder, name):
            os.rename(old, name, src_dir_fd=source, dst_dir_fd=folder)

    def names(self, path: bytes) -> list[bytes]:
        """Return the names in a folder, sorted."""
        with self.folder(path) as descriptor:
            return sorted(map(os.fsencode, os.listdir(descriptor)))  # noqa: PTH208  # a descriptor

    def remove_all(self, path: bytes) -> None:
        """Remove what is at the path with all below it, however deep; what cannot be removed stays."""
        waiting, folders = [path], []
        while waiting:
            with suppress(OSError):
                each = waiting.pop()
                if self.is_folder(each):
                    folders.append(each)
                    with self.folder(each) as descriptor:
                        os.fchmod(descriptor, PRIVATE)
                    waiting += [each + b"/" + name for name in self.names(each)]
                else:
                    with self.parent(each) as (folder, name):
                        os.unlink(name, dir_fd=folder)
        for each in reversed(folders):
            with suppress(OSError):
                self.remove_empty(each)

    def remove_empty(self, path: bytes) -> None:
        """Remove an empty folder."""
        with self.parent(path) as (folder, name):
            os.rmdir(name, dir_fd=folder)

    def close(self) -> None:
        """Close the folder."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exit: object) -> None:
        self.close()
