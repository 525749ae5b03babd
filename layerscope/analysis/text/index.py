"""The positions of the rows of a text file, found in one pass at the speed of counting line feeds.

A row is what a viewer shows as one line: a line of the file, or a piece of a very long one. The file is read in
blocks, and a line is broken at the start and at the end of each block without a line feed. Therefore a row is never
longer than two blocks, the rows that start in a block follow from this block and the one before, and only a count per
block is kept: a single line of a gigabyte opens as quickly as a million lines.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from layerscope.analysis.text.encoding import TextEncoding

BLOCK_SIZE = 16 * 1024
"""The size of a block in bytes, which is half that of the longest row."""

_UTF_16 = (TextEncoding.UTF_16_LE, TextEncoding.UTF_16_BE)
_CONTINUES = 0b10
_LOW_SURROGATES = range(0xDC, 0xE0)


class RowPosition(NamedTuple):
    """The block that a row starts in, and its number among the rows that start there."""

    block: int
    number: int


class TextIndex:
    """An index of the bytes fed so far; `finish` adds the last row."""

    def __init__(self, encoding: TextEncoding, block_size: int = BLOCK_SIZE) -> None:
        self.encoding = encoding
        self.block_size = block_size
        self.size = 0
        self.line_feeds = 0
        self.crlfs = 0
        self.is_finished = False
        self._pending = b""
        self._firsts = array("Q")
        """By block, the first row that starts there, or the next row if none does."""
        self._starts = 1
        self._broken = array("Q")
        """The rows that continue the line of the previous row, ascending."""
        self._has_feed = True
        self._tail = b"\n"

    def feed(self, chunk: bytes) -> None:
        data, size = self._pending + chunk, self.block_size
        whole = len(data) - len(data) % size
        for start in range(0, whole, size):
            self._take(data[start : start + size])
        self._pending = data[whole:]

    def finish(self) -> None:
        """Add the rest at the end of the file."""
        if self._pending:
            self._take(self._pending)
        self._pending, self.is_finished = b"", True

    def _take(self, block: bytes) -> None:
        feeds, crlfs = self._counted(block)
        # A CR at the end of the previous block and a line feed at the start of this one are one line ending.
        crlfs += self._tail.endswith("\r".encode(self.encoding.codec)) and block.startswith(self.encoding.newline)
        is_broken = bool(self._firsts) and not self._tail.endswith(self.encoding.newline)
        # A line that runs from one block with a line feed into the next one fits into two blocks, and stays whole.
        is_broken = is_broken and not (feeds and self._has_feed)
        self._firsts.append(self._starts)
        if is_broken:
            self._broken.append(self._starts)
        self._starts += feeds + is_broken
        self._has_feed, self._tail = feeds > 0, block[-2:]
        self.size += len(block)
        self.line_feeds += feeds
        self.crlfs += crlfs

    def _counted(self, block: bytes) -> tuple[int, int]:
        """Return the number of line feeds in a block, and of those that follow a CR in it."""
        if self.encoding in _UTF_16:
            text = block.decode(self.encoding.codec, "replace")
            return text.count("\n"), text.count("\r\n")
        return block.count(b"\n"), block.count(b"\r\n")

    @property
    def rows(self) -> int:
        """The number of rows whose ends are known."""
        if not self.is_finished:
            return self._starts - 1
        return self._starts - 1 if not self.size or self._ends_with_feed else self._starts

    @property
    def lines(self) -> int:
        """The number of lines that the known rows belong to."""
        return self.line_of(self.rows - 1) + 1 if self.rows else 0

    @property
    def _ends_with_feed(self) -> bool:
        return self._tail.endswith(self.encoding.newline)

    @property
    def has_last_feed(self) -> bool:
        """True if the last line of a finished text ends with a line feed."""
        return not self.size or self._ends_with_feed

    def line_of(self, row: int) -> int:
        """Return the number of the line, from 0, that a row belongs to."""
        return row - bisect_right(self._broken, row)

    def is_continued(self, row: int) -> bool:
        """Return whether the row continues the line of the previous row."""
        position = bisect_left(self._broken, row)
        return position < len(self._broken) and self._broken[position] == row

    def row_of(self, line: int) -> int:
        """Return the first row of a line, or the last known row for a line that is not known."""
        # The broken row at each position, less the broken rows up to it, is the line that it continues: these ascend.
        positions = range(len(self._broken))
        before = bisect_left(positions, line, key=lambda position: self._broken[position] - position - 1)
        return max(0, min(line + before, self.rows - 1))

    def position_of(self, row: int) -> RowPosition:
        """Return the block and the number within it at which a row starts."""
        if row == 0:
            return RowPosition(0, 0)
        block = bisect_right(self._firsts, row) - 1
        # The first block also has the row at the start of the file, which follows no line feed.
        return RowPosition(block, row - self._firsts[block] + (block == 0))

    def first_row(self, block: int) -> int:
        """Return the first row that starts in the block, or, if none does, the next row."""
        return self._firsts[block] if block else 0

    def starts_in(self, block: int, data: bytes) -> list[int]:
        """Return the offsets in the file of the rows that start in a block of these bytes.

        A row belongs to the block whose line feed it follows, even if its first byte is the first of the next block.
        """
        base = block * self.block_size
        starts = [0] if block == 0 else []
        if block and self.is_continued(self._firsts[block]):
            starts.append(base + self._cut_character(data))
        starts += (base + end for end in self._feed_ends(data))
        return starts

    def _cut_character(self, data: bytes) -> int:
        """Return the number of first bytes that belong to a character of the previous block."""
        if self.encoding in _UTF_16:
            high = data[1 if self.encoding is TextEncoding.UTF_16_LE else 0 :][:1]
            return 2 if high and high[0] in _LOW_SURROGATES else 0
        if self.encoding is TextEncoding.LATIN_1:
            return 0
        cut = 0
        while cut < min(3, len(data)) and data[cut] >> 6 == _CONTINUES:
            cut += 1
        return cut

    def _feed_ends(self, data: bytes) -> Iterator[int]:
        newline, width = self.encoding.newline, len(self.encoding.newline)
        position = data.find(newline)
        while position >= 0:
            # In UTF-16, half of one character and half of the next may look like a line feed.
            if position % width:
                position = data.find(newline, position + 1)
                continue
            yield position + width
            position = data.find(newline, position + width)
