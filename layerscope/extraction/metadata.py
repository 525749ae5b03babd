"""Mode, owner and modification time of extracted files."""

import os
import stat
from contextlib import suppress

from layerscope.extraction.options import ExtractionOptions
from layerscope.model.entries import FileEntry

LARGEST_ID = (1 << 32) - 2
"""The largest user or group id; the one above it means to the system that nothing is to be changed."""

_SET_ID = stat.S_ISUID | stat.S_ISGID


def mode_of(entry: FileEntry, options: ExtractionOptions) -> int:
    """Return the permissions that the entry is written with."""
    return entry.mode if options.setuid else entry.mode & ~_SET_ID


def _owner_of(entry: FileEntry) -> tuple[int, int]:
    """Return user and group, each -1, which leaves it unchanged, if no system has it."""
    uid, gid = (number if 0 <= number <= LARGEST_ID else -1 for number in (entry.uid, entry.gid))
    return uid, gid


def restore(descriptor: int, entry: FileEntry, options: ExtractionOptions) -> None:
    """Restore the metadata of an open file or folder."""
    if options.owners:
        os.fchown(descriptor, *_owner_of(entry))
    # Changing the owner clears setuid and setgid bits, so the mode comes second.
    os.fchmod(descriptor, mode_of(entry, options))
    if entry.row is not None:
        # A time that the file system cannot hold is not worth failing for.
        with suppress(OverflowError, OSError):
            os.utime(descriptor, (entry.mtime, entry.mtime))


def restore_at(folder: int, name: bytes, entry: FileEntry, options: ExtractionOptions, *, is_link: bool) -> None:
    """Restore the metadata of a symlink, a pipe or a device without opening it; a symlink has no mode of its own."""
    if options.owners:
        os.chown(name, *_owner_of(entry), dir_fd=folder, follow_symlinks=False)
    if not is_link:
        os.chmod(name, mode_of(entry, options), dir_fd=folder)
    with suppress(OverflowError, OSError):
        os.utime(name, (entry.mtime, entry.mtime), dir_fd=folder, follow_symlinks=False)
