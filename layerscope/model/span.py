"""The location of bytes: a range of a file, or an unpacked layer, described and not opened."""

import os

from msgspec import Struct
from msgspec.structs import replace

FileVersion = tuple[int, int, int, int]
"""Device, inode, size and time of the last change: a file that is replaced or written to gets another version."""


def version_of(status: os.stat_result) -> FileVersion:
    """Return the version of a file."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


class FileSpan(Struct, frozen=True):
    """``size`` bytes of the file ``path`` from ``offset``; ``stated_size`` is larger if the file ends early.

    ``version`` is that of the user's file when the image was opened, and None for a temporary file. ``packed`` is the
    compressed file that a temporary one was decompressed from.
    """

    path: str
    offset: int
    size: int
    stated_size: int
    version: FileVersion | None = None
    packed: "FileSpan | None" = None

    @classmethod
    def of_file(cls, path: str, status: os.stat_result) -> "FileSpan":
        """Return the span of a whole file of the user."""
        return cls(path, 0, status.st_size, status.st_size, version_of(status))

    def part(self, offset: int, stated_size: int) -> "FileSpan":
        """Return the part of the span from ``offset`` on, as far as the span has it."""
        size = max(0, min(stated_size, self.size - offset))
        return replace(self, offset=self.offset + offset, size=size, stated_size=stated_size)

    @property
    def truncated(self) -> bool:
        """True if the file ends before the span does."""
        return self.stated_size > self.size

    @property
    def stored_size(self) -> int:
        """The bytes that the user's file spends on the span, at most."""
        return self.size if self.packed is None else self.packed.size


class UnpackedLayer(Struct, frozen=True):
    """A layer that an engine keeps unpacked: its tar's headers in the file ``headers``, its files below ``folder``."""

    headers: str
    folder: str
