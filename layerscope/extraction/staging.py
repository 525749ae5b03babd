"""Writing of a plan into an empty staging folder that no other program knows, and installation into the target.

Mode, owner, modification time and extended attributes of the files included.
"""

import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import groupby

from layerscope.errors import FormatError, os_reason
from layerscope.extraction.confined import PRIVATE, ConfinedFolder
from layerscope.extraction.options import ExtractionFailed, ExtractionOptions, FileInTheWay, LeftOut, path_errors
from layerscope.extraction.plan import ExtractionPlan, PlannedFile
from layerscope.model.entries import FileEntry, Kind
from layerscope.session.loaded_image import LoadedImage, StoredChunks
from layerscope.text import short_name

Written = Callable[[int], None]
"""A callback for the content bytes written since the last call; an exception that it raises ends the extraction."""

_USUAL = 0o777
"""The mode of a folder without metadata from the image; the user's umask applies."""

_NODES = {Kind.CHAR: stat.S_IFCHR, Kind.BLOCK: stat.S_IFBLK}
_WORDS = {stat.S_IFDIR: "a folder", stat.S_IFLNK: "a symlink"}


class StagingWriter:
    """A writer into a staging folder; ``target`` is the name of the target in messages."""

    def __init__(self, stage: ConfinedFolder, target: str, loaded: LoadedImage, options: ExtractionOptions) -> None:
        self._stage = stage
        self._target = target
        self._loaded = loaded
        self._options = options
        self._unreadable: dict[int, str] = {}
        self._unrestored: list[LeftOut] = []

    def write(self, plan: ExtractionPlan, written: Written) -> None:
        """Write everything in a plan except the metadata of folders; raises LayerscopeError.

        A partial extraction takes files that cannot be read out of the plan.
        """
        for path in plan.parents:
            self._make_folder(path, _USUAL)
        for folder in plan.folders:
            self._make_folder(folder.path, PRIVATE)
        for layer, files in groupby(plan.files, key=lambda file: self._loaded.tree.index.layers[file.occurrence]):
            self._write_layer(layer, list(files), written)
        for other in plan.others:
            self._make_other(other.entry)
            self._make_links(other.links, other.entry.path)
        plan.leave_out(self._loaded.tree, self._unreadable)
        plan.left_out += self._unrestored

    def _make_folder(self, path: bytes, mode: int) -> None:
        with path_errors(path, self._target):
            self._stage.make_folder(path, mode)

    def _write_layer(self, layer: int, files: list[PlannedFile], written: Written) -> None:
        path = files[0].entry.path
        try:
            with self._loaded.contents.open_layer(layer) as stored_chunks:
                for file in files:
                    path = file.entry.path
                    with self._left_out_if_cut(file, layer):
                        self._write_file(file, stored_chunks, written)
        except FormatError as error:
            raise ExtractionFailed(f"/{short_name(path)} cannot be read from layer {layer}: {error}") from error

    @contextmanager
    def _left_out_if_cut(self, file: PlannedFile, layer: int) -> Iterator[None]:
        try:
            yield
        except FormatError as error:
            # The content of a layer that was listed without an error is readable, unless its file has changed since.
            if not self._options.partial or self._loaded.tallies.layers[layer].error is None:
                raise
            self._stage.remove_all(file.entry.path)
            self._unreadable[file.occurrence] = str(error)

    def _write_file(self, file: PlannedFile, stored_chunks: StoredChunks, written: Written) -> None:
        path = file.entry.path
        with path_errors(path, self._target), self._stage.new_file(path) as descriptor:
            for offset, chunk in stored_chunks(file.occurrence):
                _write_all(descriptor, chunk, offset)
                written(len(chunk))
            # A sparse file may end with a hole.
            os.ftruncate(descriptor, self._loaded.contents.size(file.occurrence))
            self._unrestored += restore(descriptor, file.entry, self._options)
        self._make_links(file.links, path)

    def _make_links(self, links: Iterable[bytes], path: bytes) -> None:
        for link in links:
            with path_errors(link, self._target):
                self._stage.make_link(link, path)

    def _make_other(self, entry: FileEntry) -> None:
        with path_errors(entry.path, self._target):
            if entry.kind is Kind.SYMLINK:
                self._stage.make_symlink(entry.path, entry.link or b"")
            elif entry.kind is Kind.FIFO:
                self._stage.make_pipe(entry.path)
            else:
                self._stage.make_device(entry.path, _NODES[entry.kind], os.makedev(*(entry.device or (0, 0))))
            with self._stage.parent(entry.path) as (folder, name):
                is_link = entry.kind is Kind.SYMLINK
                self._unrestored += restore_at(folder, name, entry, self._options, is_link=is_link)


def _write_all(descriptor: int, chunk: bytes, offset: int) -> None:
    left = memoryview(chunk)
    while left:
        count = os.pwrite(descriptor, left, offset)
        left, offset = left[count:], offset + count


def check_free(target: ConfinedFolder, name: str, path: bytes, *, is_folder: bool, force: bool) -> None:
    """Raise ExtractionFailed if something at the path must not, or cannot, be replaced; its folder exists."""
    status = target.status(path)
    if status is None or (is_folder and stat.S_ISDIR(status.st_mode)):
        return
    if is_folder or stat.S_ISDIR(status.st_mode):
        raise ExtractionFailed(
            f"{_WORDS.get(stat.S_IFMT(status.st_mode), 'a file')} is in the way at {name}/{short_name(path)}"
        )
    if not force:
        raise FileInTheWay(f"{name}/{short_name(path)} already exists")


class Installer:
    """An installation that can be undone: replaced files are kept in ``replaced`` until the end."""

    def __init__(self, target: ConfinedFolder, stage: ConfinedFolder, replaced: ConfinedFolder, name: str) -> None:
        self._target = target
        self._stage = stage
        self._replaced = replaced
        self._name = name
        self._moved: dict[bytes, None] = {}
        self._set_aside: list[tuple[bytes, bytes]] = []

    def install(self, plan: ExtractionPlan, options: ExtractionOptions) -> None:
        """Move everything from the staging folder, and restore the metadata of new folders; after a failure, undo it.

        The contents of existing folders are merged; they keep their metadata.
        """
        try:
            self._move_all(force=options.force)
            new = self._new_folders([*plan.parents, *(entry.path for entry in plan.folders)])
            # Innermost folders first: a change in a folder changes its modification time.
            for entry in reversed(plan.folders):
                if entry.path in new:
                    with path_errors(entry.path, self._name), self._target.folder(entry.path) as folder:
                        plan.left_out += restore(folder, entry, options)
        except BaseException:
            self._undo()
            raise

    def _move_all(self, *, force: bool) -> None:
        pending = [b""]
        while pending:
            folder = pending.pop()
            for name in self._stage.names(folder):
                path = folder + b"/" + name if folder else name
                is_folder = self._stage.is_folder(path)
                with path_errors(path, self._name):
                    check_free(self._target, self._name, path, is_folder=is_folder, force=force)
                    if is_folder and self._target.is_folder(path):
                        pending.append(path)
                    else:
                        self._move(path)

    def _move(self, path: bytes) -> None:
        # Each move is recorded before it is made, so that an exception at any point can be undone.
        if self._target.status(path) is not None:
            aside = b"%d" % len(self._set_aside)
            self._set_aside.append((aside, path))
            self._target.move(path, self._replaced, aside)
        self._moved[path] = None
        self._stage.move(path, self._target, path)

    def _new_folders(self, paths: Iterable[bytes]) -> set[bytes]:
        """Return those of the folders, outer ones first, that a move made."""
        new = set[bytes]()
        for path in paths:
            if path in self._moved or path.rpartition(b"/")[0] in new:
                new.add(path)
        return new

    def _undo(self) -> None:
        """Undo all moves, as far as the system allows."""
        for path in reversed(self._moved):
            self._target.remove_all(path)
        for aside, path in reversed(self._set_aside):
            with suppress(OSError):
                self._replaced.move(aside, self._target, path)


_LARGEST_ID = (1 << 32) - 2
"""The largest user or group id; the one above it means to the system that nothing is to be changed."""

_SET_ID = stat.S_ISUID | stat.S_ISGID

_RESTORED = (b"security.capability", b"system.posix_acl_access", b"system.posix_acl_default")
"""The attributes outside ``user.`` that belong to the file. All others are set by a file system or a security module,
and would change how that of this machine treats the file: an opaque folder, a label, a signature."""

_NOT_RESTORED = (b"user.overlay.", b"user.fuseoverlayfs.", b"user.containers.")
"""Attributes in ``user.`` that file systems and engines without root use themselves: for whiteouts and owners."""


def _mode_of(entry: FileEntry, options: ExtractionOptions) -> int:
    return entry.mode if options.setuid else entry.mode & ~_SET_ID


def _owner_of(entry: FileEntry) -> tuple[int, int]:
    """Return user and group, each -1, which leaves it unchanged, if no system has it."""
    uid, gid = (number if 0 <= number <= _LARGEST_ID else -1 for number in (entry.uid, entry.gid))
    return uid, gid


def restore(descriptor: int, entry: FileEntry, options: ExtractionOptions) -> list[LeftOut]:
    """Restore the metadata of an open file or folder, and return what the system cannot hold."""
    if options.owners:
        os.fchown(descriptor, *_owner_of(entry))
    # Changing the owner removes capabilities, and setuid and setgid bits; a read-only file takes no attributes.
    left_out = list(_restore_xattrs(descriptor, entry, options))
    os.fchmod(descriptor, _mode_of(entry, options))
    if entry.row is not None:
        # A time that the file system cannot hold is not worth failing for.
        with suppress(OverflowError, OSError):
            os.utime(descriptor, (entry.mtime, entry.mtime))
    return left_out


def restore_at(
    folder: int, name: bytes, entry: FileEntry, options: ExtractionOptions, *, is_link: bool
) -> list[LeftOut]:
    """Restore the same of a symlink, a pipe or a device without opening it; a symlink has no mode of its own."""
    if options.owners:
        os.chown(name, *_owner_of(entry), dir_fd=folder, follow_symlinks=False)
    # No function for attributes takes a folder's descriptor.
    left_out = list(_restore_xattrs(b"/proc/self/fd/%d/%b" % (folder, name), entry, options))
    if not is_link:
        os.chmod(name, _mode_of(entry, options), dir_fd=folder)
    with suppress(OverflowError, OSError):
        os.utime(name, (entry.mtime, entry.mtime), dir_fd=folder, follow_symlinks=False)
    return left_out


def _restore_xattrs(file: int | bytes, entry: FileEntry, options: ExtractionOptions) -> Iterator[LeftOut]:
    """Restore the attributes of a descriptor or path; yield those that are not, and the owner if no system has it."""
    if options.owners and -1 in _owner_of(entry):
        yield LeftOut(entry.path, "no system has it", f"the owner {entry.uid}:{entry.gid}")
    for name, value in entry.xattrs if options.xattrs else ():
        if reason := _set_xattr(file, name, value):
            yield LeftOut(entry.path, reason, f"xattr {short_name(name)}")


def _set_xattr(file: int | bytes, name: bytes, value: bytes) -> str | None:
    """Set an attribute, or return why it is not set."""
    if not _is_restored(name):
        return "it belongs to the system that the image was built on"
    if sys.platform != "linux":
        return "xattrs are restored on Linux only"
    try:
        os.setxattr(file, name, value, follow_symlinks=isinstance(file, int))
    except OSError as error:
        return os_reason(error)
    return None


def _is_restored(name: bytes) -> bool:
    if b"\0" in name or name.startswith(_NOT_RESTORED):
        return False
    return name.startswith(b"user.") or name in _RESTORED
