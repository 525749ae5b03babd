"""A file as text: by rows, of which only the visible ones are read, or whole; and a description of any file."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import NamedTuple

from layerscope.analysis.file_types.description import describe
from layerscope.analysis.file_types.elf import elf_words
from layerscope.analysis.text.encoding import PREFIX_SIZE, LineEnd, TextEncoding, TextLine, detect_encoding, split_lines
from layerscope.analysis.text.index import TextIndex
from layerscope.session.files.pages import FilePages
from layerscope.session.loaded_image import FileContents
from layerscope.sources.magic import description

_Read = Callable[[int, int], bytes | None]

_MOST_BLOCKS = 64
"""The number of blocks whose row starts are kept; each has some hundred lines."""


class TextRow(NamedTuple):
    """A row without its line ending. ``line`` counts from 0; ``continued``: the line started in an earlier row.

    ``end`` is None if the line continues in the next row.
    """

    line: int
    offset: int
    text: str
    end: LineEnd | None
    continued: bool


class FileText:
    """The rows of a file. One thread builds the index while another draws the rows that are known."""

    def __init__(self, pages: FilePages, encoding: TextEncoding) -> None:
        self.pages = pages
        self.index = TextIndex(encoding)
        self._codec = encoding.codec
        self._starts: OrderedDict[int, list[int]] = OrderedDict()

    def build(self) -> Iterator[int]:
        """Count the rows; yields the bytes done so far. Raises FormatError if they cannot be read."""
        done = 0
        for data in self.pages.chunks():
            self.pages.keep(done, data)
            self.index.feed(data)
            done += len(data)
            yield done
        self.index.finish()

    def row(self, row: int) -> TextRow | None:
        """Return a known row, or None if its bytes have to be loaded first, from `offset_near`."""
        return self._row(row, self.pages.peek)

    def read_row(self, row: int) -> TextRow:
        """Return a known row, and wait for its bytes; raises FormatError."""
        text_row = self._row(row, self.pages.read)
        assert text_row is not None  # noqa: S101  # `read` raises instead
        return text_row

    def _row(self, row: int, read: _Read) -> TextRow | None:
        start = self._start(row, read)
        is_last = self.index.is_finished and row + 1 >= self.index.rows
        end = self.pages.size if is_last else self._start(row + 1, read)
        if start is None or end is None:
            return None
        data = read(start, end - start)
        return None if data is None else self._decoded(row, start, data)

    def offset_near(self, row: int) -> int:
        """Return an offset in the block where a row starts."""
        return self.index.position_of(row).block * self.index.block_size

    def row_at(self, offset: int) -> int | None:
        """Return the known row that has the byte, or None if its block has to be loaded first."""
        index = self.index
        block = offset // index.block_size
        starts = self._starts_of(block, self.pages.peek)
        if starts is None:
            return None
        row = index.first_row(block) - 1 + sum(start <= offset for start in starts)
        return max(0, min(row, index.rows - 1))

    def _start(self, row: int, read: _Read) -> int | None:
        block, number = self.index.position_of(row)
        starts = self._starts_of(block, read)
        return None if starts is None else starts[number]

    def _starts_of(self, block: int, read: _Read) -> list[int] | None:
        starts = self._starts.get(block)
        if starts is None:
            size = self.index.block_size
            data = read(block * size, size)
            if data is None:
                return None
            starts = self.index.starts_in(block, data)
            if len(self._starts) >= _MOST_BLOCKS:
                self._starts.popitem(last=False)
            self._starts[block] = starts
        return starts

    def _decoded(self, row: int, start: int, data: bytes) -> TextRow:
        text = (data.removeprefix(self.index.encoding.byte_order_mark) if row == 0 else data).decode(
            self._codec, "replace"
        )
        end: LineEnd | None = LineEnd.NONE
        if text.endswith("\n"):
            end = LineEnd.CRLF if text.endswith("\r\n") else LineEnd.LF
            text = text[: -len(end)]
        elif self.index.is_continued(row + 1):
            end = None
        return TextRow(self.index.line_of(row), start, text, end, self.index.is_continued(row))


class WholeText(NamedTuple):
    """The lines of a file, and their encoding."""

    lines: list[TextLine]
    encoding: TextEncoding


def read_text(contents: FileContents, occurrence: int) -> WholeText | None:
    """Return the text of a file, or None if it is not text, which its first bytes decide.

    Raises FormatError if the file cannot be read.
    """
    size = contents.size(occurrence)
    head = contents.read_range(occurrence, 0, PREFIX_SIZE)
    encoding = detect_encoding(head, whole=size <= PREFIX_SIZE)
    if encoding is None:
        return None
    rest = contents.read_range(occurrence, PREFIX_SIZE, size - PREFIX_SIZE) if size > PREFIX_SIZE else b""
    return WholeText(split_lines(head + rest, encoding), encoding)


def file_words(head: bytes, path: bytes, size: int) -> str | None:
    """Return a description of a file by its first bytes; the first call loads libmagic, which takes 50 ms.

    For an ELF file, ours says more: libmagic needs more than the first bytes.
    """
    return elf_words(head) or (description(head) if head else None) or describe(head, path, size)
