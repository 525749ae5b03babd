"""What goes wrong while files are written, as one sentence each."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from layerscope.errors import LayerscopeError
from layerscope.text import printable_name

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_LONGEST_SHOWN = 200


class ExtractionFailed(LayerscopeError):
    """The files could not be written; what had been written is gone again."""


class FileInTheWay(ExtractionFailed):
    """A file is there already, which only ``force`` replaces; how to ask for that is for each face to say."""


def shown(path: bytes) -> str:
    """Return a path for a sentence."""
    text = printable_name(path)
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"


@contextmanager
def telling(path: bytes, target: str) -> Iterator[None]:
    """Turn what the system says of a path of the image into a sentence."""
    try:
        yield
    except FileExistsError as error:
        # nothing was there before: the file system takes two names for one
        raise ExtractionFailed(
            f"/{shown(path)} cannot be written to {target}: its file system takes the name for another one of the image"
        ) from error
    except OSError as error:
        raise ExtractionFailed(_sentence(error, path, target)) from error


def _sentence(error: OSError, path: bytes, target: str) -> str:
    if error.errno in _FULL:
        return f"there is not enough room in {target} for /{shown(path)}"
    if error.errno == errno.ENAMETOOLONG:
        return f"the name of /{shown(path)} is too long for the file system of {target}"
    if error.errno in {errno.EILSEQ, errno.EINVAL}:
        return f"the file system of {target} takes no such name: /{shown(path)}"
    return f"/{shown(path)} cannot be written to {target}: {error.strerror or error}"
