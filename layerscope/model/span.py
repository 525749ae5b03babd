"""The location of bytes: a range of a file, or an unpacked layer, described and not opened."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileSpan:
    """``size`` bytes of the file ``path`` from ``offset``; ``stated_size`` is larger if the file ends early."""

    path: str
    offset: int
    size: int
    stated_size: int

    @property
    def truncated(self) -> bool:
        """True if the file ends before the span does."""
        return self.stated_size > self.size


@dataclass(frozen=True, slots=True)
class UnpackedLayer:
    """A layer that an engine keeps unpacked: its tar's headers in the file ``headers``, its files below ``folder``."""

    headers: str
    folder: str
