"""Mode, owner, modification time and extended attributes of extracted files."""

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import suppress

from layerscope.errors import os_reason
from layerscope.extraction.options import ExtractionOptions, LeftOut
from layerscope.model.entries import FileEntry
from layerscope.text import short_name

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
