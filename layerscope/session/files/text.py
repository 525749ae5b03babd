"""A text file opened for reading by rows: only what is shown is read, once the rows have been counted."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import NamedTuple

from layerscope.analysis.text.encoding import TextEncoding
from layerscope.analysis.text.index import TextIndex
from layerscope.analysis.text.lines import LineEnd
from layerscope.session.files.pages import FilePages

_Read = Callable[[int, int], bytes | None]

_MOST_BLOCKS = 64
"""Blocks whose rows are kept; there are some hundred lines in each."""


class TextRow(NamedTuple):
    """A row without the end of its line. ``line`` counts from 0; ``continued``: the line started in a row before.

    ``end`` is None where the line goes on in the next row.
    """

    line: int
    offset: int
    text: str
    end: LineEnd | None
    continued: bool


class FileText:
    """The rows of a file. One thread builds the index; the one that draws asks for rows that are known."""

    def __init__(self, pages: FilePages, encoding: TextEncoding) -> None:
        self.pages = pages
        self.index = TextIndex(encoding)
        self._codec = encoding.codec
        self._starts: OrderedDict[int, list[int]] = OrderedDict()

    def build(self) -> Iterator[int]:
        """Count the rows; yields the bytes that have been passed. Raises FormatError where they cannot be read."""
        done = 0
        for data in self.pages.chunks():
            self.pages.keep(done, data)
            self.index.feed(data)
            done += len(data)
            yield done
        self.index.finish()

    def row(self, row: int) -> TextRow | None:
        """Return a row that is known, or None where its bytes have to be loaded first, from `offset_near` on."""
        return self._row(row, self.pages.peek)

    def read_row(self, row: int) -> TextRow:
        """Return a row that is known, and wait for its bytes; raises FormatError."""
        found = self._row(row, self.pages.read)
        assert found is not None  # noqa: S101  # what cannot be read is raised
        return found

    def _row(self, row: int, read: _Read) -> TextRow | None:
        start = self._start(row, read)
        is_last = self.index.is_finished and row + 1 >= self.index.rows
        end = self.pages.size if is_last else self._start(row + 1, read)
        if start is None or end is None:
            return None
        data = read(start, end - start)
        return None if data is None else self._decoded(row, start, data)

    def offset_near(self, row: int) -> int:
        """Return an offset in the block that a row starts in."""
        return self.index.place_of(row).block * self.index.block_size

    def row_at(self, offset: int) -> int | None:
        """Return the row that a byte is in, among those that are known; None where a block has to be loaded first."""
        index = self.index
        block = offset // index.block_size
        starts = self._starts_of(block, self.pages.peek)
        if starts is None:
            return None
        row = index.first_row(block) - 1 + sum(start <= offset for start in starts)
        return max(0, min(row, index.rows - 1))

    def _start(self, row: int, read: _Read) -> int | None:
        block, number = self.index.place_of(row)
        starts = self._starts_of(block, read)
        return None if starts is None else starts[number]

    def _starts_of(self, block: int, read: _Read) -> list[int] | None:
        found = self._starts.get(block)
        if found is None:
            size = self.index.block_size
            data = read(block * size, size)
            if data is None:
                return None
            found = self.index.starts_in(block, data)
            if len(self._starts) >= _MOST_BLOCKS:
                self._starts.popitem(last=False)
            self._starts[block] = found
        return found

    def _decoded(self, row: int, start: int, data: bytes) -> TextRow:
        text = (data.removeprefix(self.index.encoding.mark) if row == 0 else data).decode(self._codec, "replace")
        end: LineEnd | None = LineEnd.NONE
        if text.endswith("\n"):
            end = LineEnd.CRLF if text.endswith("\r\n") else LineEnd.LF
            text = text[: -len(end)]
        elif self.index.is_continued(row + 1):
            end = None
        return TextRow(self.index.line_of(row), start, text, end, self.index.is_continued(row))
