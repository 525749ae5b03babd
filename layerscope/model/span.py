"""Where bytes lie: a window of a file, described and not opened."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileSpan:
    """``size`` bytes of the file ``path`` from ``offset`` on; ``stated_size`` is what a header promised, if more."""

    path: str
    offset: int
    size: int
    stated_size: int

    @property
    def truncated(self) -> bool:
        """Whether the file ends before the span does."""
        return self.stated_size > self.size
