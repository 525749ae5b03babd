"""Files of an unpacked layer, opened without leaving its folder.

A layer may hold symlinks, pipes and devices at any path, so a name is walked part by part and no link is followed.
"""

import os
import stat
from contextlib import ExitStack

from layerscope.errors import InvalidLayer, os_reason

_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def open_beneath(folder: int, name: bytes, size: int) -> int:
    """Return a descriptor of the regular file of that size; raises InvalidLayer for anything else.

    A file of another size, or of another kind, is not what the layer's headers describe: the store has changed.
    """
    *parents, leaf = [part for part in name.split(b"/") if part not in (b"", b".")] or [b""]
    if b".." in (*parents, leaf) or not leaf:
        raise InvalidLayer("the engine's store names a file outside the layer")
    try:
        with ExitStack() as stack:
            for parent in parents:
                folder = os.open(parent, _FOLDER_FLAGS, dir_fd=folder)
                stack.callback(os.close, folder)
            descriptor = os.open(leaf, _FILE_FLAGS, dir_fd=folder)
    except OSError as error:
        raise InvalidLayer(f"the engine's store cannot be read: {os_reason(error)}") from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_size != size:
        os.close(descriptor)
        raise InvalidLayer("the engine's store has changed")
    return descriptor
