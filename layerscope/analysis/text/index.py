"""Where the rows of a text file are, found while its bytes go by, at the speed of counting line feeds.

A row is what a viewer shows in one go: a line, or a piece of a line that is very long. A file is cut into blocks; a
line is broken where a block without any line feed starts or ends. So a row is never longer than two blocks, the rows
that start in a block are known from this block and the one before, and a count for each block is all that is kept:
one line of a gigabyte opens as quickly as a million lines.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from layerscope.analysis.text.encoding import TextEncoding

BLOCK_SIZE = 16 * 1024
"""Bytes of a block, and half of what the longest row takes."""

_UTF_16 = (TextEncoding.UTF_16_LE, TextEncoding.UTF_16_BE)
_CONTINUES = 0b10
_LOW_SURROGATES = range(0xDC, 0xE0)


class RowPlace(NamedTuple):
    """The block that a row starts in, and which of the rows that start there it is."""

    block: int
    number: int


class TextIndex:
    """Answers for what has been fed so far; `finish` takes in the last row."""

    def __init__(self, encoding: TextEncoding, block_size: int = BLOCK_SIZE) -> None:
        self.encoding = encoding
        self.block_size = block_size
        self.size = 0
        self.line_feeds = 0
        self.crlfs = 0
        self.is_finished = False
        self._pending = b""
        self._firsts = array("Q")
        """By block, the row that starts there first, or would."""
        self._starts = 1
        self._broken = array("Q")
        """The rows that go on with the line of the row before."""
        self._has_feed = True
        self._tail = b"\n"

    def feed(self, chunk: bytes) -> None:
        """Take in the next bytes of the file."""
        data, size = self._pending + chunk, self.block_size
        whole = len(data) - len(data) % size
        for start in range(0, whole, size):
            self._take(data[start : start + size])
        self._pending = data[whole:]

    def finish(self) -> None:
        """Take in what is left: there is no more."""
        if self._pending:
            self._take(self._pending)
        self._pending, self.is_finished = b"", True

    def _take(self, block: bytes) -> None:
        feeds, crlfs = self._counted(block)
        # a CR at the end of the block before and a line feed at the start of this one are one end of a line
        crlfs += self._tail.endswith("\r".encode(self._codec)) and block.startswith(self.encoding.newline)
        is_broken = bool(self._firsts) and not self._tail.endswith(self.encoding.newline)
        is_broken = is_broken and not (feeds and self._has_feed)
        self._firsts.append(self._starts)
        if is_broken:
            self._broken.append(self._starts)
        self._starts += feeds + is_broken
        self._has_feed, self._tail = feeds > 0, block[-2:]
        self.size += len(block)
        self.line_feeds += feeds
        self.crlfs += crlfs

    @property
    def _codec(self) -> str:
        return self.encoding.value.removesuffix("-sig")

    def _counted(self, block: bytes) -> tuple[int, int]:
        """Return how many line feeds a block has, and how many of them follow a CR in it."""
        if self.encoding in _UTF_16:
            text = block.decode(self._codec, "replace")
            return text.count("\n"), text.count("\r\n")
        return block.count(b"\n"), block.count(b"\r\n")

    @property
    def rows(self) -> int:
        """How many rows are known to their ends."""
        if not self.is_finished:
            return self._starts - 1
        return self._starts - 1 if not self.size or self._ends_with_feed else self._starts

    @property
    def lines(self) -> int:
        """How many lines the rows that are known belong to."""
        return self.line_of(self.rows - 1) + 1 if self.rows else 0

    @property
    def _ends_with_feed(self) -> bool:
        return self._tail.endswith(self.encoding.newline)

    @property
    def has_last_feed(self) -> bool:
        """Whether the last line of a finished text ends as the others do."""
        return not self.size or self._ends_with_feed

    def line_of(self, row: int) -> int:
        """Return the line, from 0, that a row belongs to."""
        return row - bisect_right(self._broken, row)

    def is_continued(self, row: int) -> bool:
        """Tell whether the row goes on with the line of the row before."""
        place = bisect_left(self._broken, row)
        return place < len(self._broken) and self._broken[place] == row

    def row_of(self, line: int) -> int:
        """Return the row that a line starts with, the last known one for a line that is not known."""
        places = range(len(self._broken))
        before = bisect_left(places, line, key=lambda place: self._broken[place] - place - 1)
        return max(0, min(line + before, self.rows - 1))

    def place_of(self, row: int) -> RowPlace:
        """Return where a row starts."""
        if row == 0:
            return RowPlace(0, 0)
        block = bisect_right(self._firsts, row) - 1
        # the first block has the start of the file besides
        return RowPlace(block, row - self._firsts[block] + (block == 0))

    def first_row(self, block: int) -> int:
        """Return the row that starts in the block first, or, where none does, the next one."""
        return self._firsts[block] if block else 0

    def starts_in(self, block: int, data: bytes) -> list[int]:
        """Return the offsets in the file of the rows that start in a block of these bytes.

        A row is counted to the block whose line feed it follows, even where it starts with the next block.
        """
        base = block * self.block_size
        starts = [0] if block == 0 else []
        if block and self.is_continued(self._firsts[block]):
            starts.append(base + self._cut_character(data))
        starts += (base + end for end in self._feed_ends(data))
        return starts

    def _cut_character(self, data: bytes) -> int:
        """Return how many of the first bytes belong to a character that starts before them."""
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
        found = data.find(newline)
        while found >= 0:
            if found % width:
                found = data.find(newline, found + 1)
                continue
            yield found + width
            found = data.find(newline, found + width)
