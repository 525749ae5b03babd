"""The options of an extraction, its result, and its errors, each as one sentence."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from layerscope.errors import LayerscopeError, os_reason
from layerscope.text import human_size, plural, short_name

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True, slots=True)
class ExtractionOptions:
    """Parts of an extraction that are off by default.

    ``force``: replace existing files; ``setuid``: keep the bits that let a program run as its owner or group;
    ``devices``: make device nodes; ``owners``: restore owner and group (both need root); ``xattrs``: restore extended
    attributes; ``partial``: leave out what the image does not have, or what cannot be read, in place of failing.
    """

    force: bool = False
    setuid: bool = False
    devices: bool = False
    owners: bool = False
    xattrs: bool = False
    partial: bool = False


class LeftOut(NamedTuple):
    """A path that was not written, and the reason; or only a ``part`` of its metadata: ``the owner 1:-1``."""

    path: bytes
    reason: str
    part: str = ""


class Extracted(NamedTuple):
    """The result: files (without hard links), folders, links of both kinds, pipes, devices, and content bytes.

    ``with_xattrs`` are the paths whose extended attributes were not asked for.
    """

    files: int
    folders: int
    links: int
    pipes: int
    devices: int
    size: int
    left_out: tuple[LeftOut, ...]
    with_xattrs: int = 0

    @property
    def words(self) -> str:
        """The result in words: ``12 files, 3 folders and 1 link (1.2 MB)``."""
        counts = (
            (self.files, "file"),
            (self.folders, "folder"),
            (self.links, "link"),
            (self.pipes, "pipe"),
            (self.devices, "device"),
        )
        words = [plural(count, noun) for count, noun in counts if count] or ["nothing"]
        listed = f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]
        return f"{listed} ({human_size(self.size)})"


class ExtractionFailed(LayerscopeError):
    """The files could not be written, and the target is unchanged."""


class FileInTheWay(ExtractionFailed):
    """A file exists, which only ``force`` replaces; the command or screen says how to ask for that."""


class Incomplete(ExtractionFailed):
    """The image does not have all of the selected paths; ``partial`` writes the others."""


@contextmanager
def path_errors(path: bytes, target: str) -> Iterator[None]:
    """Turn an OSError about a path of the image into an ExtractionFailed that names it."""
    try:
        yield
    except FileExistsError as error:
        # The folder was empty: the file system takes two names of the image for the same.
        raise ExtractionFailed(
            f"/{short_name(path)} cannot be written to {target}: its file system takes the name for another one in the"
            " image"
        ) from error
    except OSError as error:
        raise ExtractionFailed(_sentence(error, path, target)) from error


def _sentence(error: OSError, path: bytes, target: str) -> str:
    if error.errno in _FULL:
        return f"there is not enough room in {target} for /{short_name(path)}"
    if error.errno == errno.ENAMETOOLONG:
        return f"the name of /{short_name(path)} is too long for the file system of {target}"
    if error.errno in {errno.EILSEQ, errno.EINVAL}:
        return f"the file system of {target} does not support the name of /{short_name(path)}"
    return f"/{short_name(path)} cannot be written to {target}: {os_reason(error)}"
