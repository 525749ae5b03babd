"""Errors while files are written, each as one sentence."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from layerscope.errors import LayerscopeError, os_reason
from layerscope.text import printable_name

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_LONGEST_SHOWN = 200


class ExtractionFailed(LayerscopeError):
    """The files could not be written, and the target is unchanged."""


class FileInTheWay(ExtractionFailed):
    """A file exists, which only ``force`` replaces; the command or screen says how to ask for that."""


class Incomplete(ExtractionFailed):
    """The image does not have all of the selected paths; ``partial`` writes the others."""


def shown(path: bytes) -> str:
    """Return a path for a message."""
    text = printable_name(path)
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"


@contextmanager
def path_errors(path: bytes, target: str) -> Iterator[None]:
    """Turn an OSError about a path of the image into an ExtractionFailed that names it."""
    try:
        yield
    except FileExistsError as error:
        # The folder was empty: the file system takes two names of the image for the same.
        raise ExtractionFailed(
            f"/{shown(path)} cannot be written to {target}: its file system takes the name for another one in the image"
        ) from error
    except OSError as error:
        raise ExtractionFailed(_sentence(error, path, target)) from error


def _sentence(error: OSError, path: bytes, target: str) -> str:
    if error.errno in _FULL:
        return f"there is not enough room in {target} for /{shown(path)}"
    if error.errno == errno.ENAMETOOLONG:
        return f"the name of /{shown(path)} is too long for the file system of {target}"
    if error.errno in {errno.EILSEQ, errno.EINVAL}:
        return f"the file system of {target} does not support the name of /{shown(path)}"
    return f"/{shown(path)} cannot be written to {target}: {os_reason(error)}"
