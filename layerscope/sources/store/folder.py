"""Files of an unpacked layer, opened without leaving its folder.

A layer may hold symlinks, pipes and devices at any path, so a name is walked part by part and no link is followed.
"""

import os
import stat
from collections.abc import Iterable

from layerscope.errors import InvalidLayer, os_reason

FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

_DENIED = "Permission denied (of rootless podman, `podman unshare layerscope` can read every user's files)"
"""A rootless engine stores the files of a container's other users as those of users that only its name space has."""


def parts_of(name: bytes) -> list[bytes]:
    """Return the parts of a name, at least one; raises InvalidLayer for a name that leads out of the folder."""
    parts = [part for part in name.split(b"/") if part not in (b"", b".")]
    if b".." in parts or not parts:
        raise InvalidLayer("the engine's store names a file outside the layer")
    return parts


def folder_beneath(folder: int, parts: Iterable[bytes]) -> int:
    """Return a new descriptor of a folder beneath another one, or of that one; raises OSError."""
    descriptor = os.open(".", FOLDER_FLAGS, dir_fd=folder)
    for part in parts:
        above = descriptor
        try:
            descriptor = os.open(part, FOLDER_FLAGS, dir_fd=above)
        finally:
            os.close(above)
    return descriptor


def open_beneath(folder: int, name: bytes, size: int) -> int:
    """Return a descriptor of the regular file of that size; raises InvalidLayer for anything else.

    A file of another size, or of another kind, is not what the layer's headers describe: the store has changed.
    """
    *parents, leaf = parts_of(name)
    try:
        parent = folder_beneath(folder, parents)
        try:
            descriptor = os.open(leaf, _FILE_FLAGS, dir_fd=parent)
        finally:
            os.close(parent)
    except PermissionError as error:
        raise InvalidLayer(f"the engine's store cannot be read: {_DENIED}") from error
    except OSError as error:
        raise InvalidLayer(f"the engine's store cannot be read: {os_reason(error)}") from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_size != size:
        os.close(descriptor)
        raise InvalidLayer("the engine's store has changed")
    return descriptor
