"""Limits on package databases, so that none can keep the analysis busy or fill the memory.

The databases of the largest honest images (all of TeX Live, thousands of packages) take a tenth of each limit at most.
"""

from collections.abc import Iterable, Iterator
from io import BytesIO

LARGEST_FILE = 16 * 1024 * 1024
LARGEST_TOTAL = 48 * 1024 * 1024
"""The most bytes that are read of one database file, and of all of an image."""

LONGEST_PATH = 4096
"""The longest path that an image can hold, in bytes: longer ones in a database are those of no file."""

_MOST_LINES = 2_000_000
_BLANK_LINE = 40
"""The lines that a blank one counts for: it ends a package, which costs as much time and memory."""

_LONGEST_LINE = 1024 * 1024


class ParseBudget:
    """The lines that may still be parsed of the databases of one image."""

    def __init__(self) -> None:
        self._left = _MOST_LINES

    @property
    def is_spent(self) -> bool:
        """True if lines were left out."""
        return self._left < 0

    def lines(self, data: bytes) -> Iterator[bytes]:
        """Yield the lines of a file without their line endings, one at a time: a list of them could fill the memory.

        Lines of more than a megabyte are left out, and everything after the last line of the budget.
        """
        for line in BytesIO(data):
            self._left -= 1 if len(line) > 1 else _BLANK_LINE
            if self._left < 0:
                return
            if len(line) <= _LONGEST_LINE:
                yield line.rstrip(b"\r\n")

    def limited(self, parts: Iterable[str]) -> Iterator[str]:
        """Yield the parts of a line, each of which counts as a line, too."""
        for part in parts:
            self._left -= 1
            if self._left < 0:
                return
            yield part
