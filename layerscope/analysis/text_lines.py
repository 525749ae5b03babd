"""The lines of a text, with what ends each; only a line feed ends a line, as in every tool that counts them."""

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from layerscope.analysis.text_encoding import TextEncoding


class LineEnd(StrEnum):
    """What a line ends with; the last one may end with nothing."""

    LF = "\n"
    CRLF = "\r\n"
    NONE = ""


class TextLine(NamedTuple):
    """A line without its end."""

    text: str
    end: LineEnd


def split_lines(data: bytes, encoding: TextEncoding) -> list[TextLine]:
    """Return the lines of a whole text; bytes that do not fit the encoding become U+FFFD."""
    text = data.removeprefix(encoding.mark).decode(encoding.value.removesuffix("-sig"), "replace")
    lines = text.split("\n")
    last = lines.pop()
    found = [_line(line) for line in lines]
    return [*found, TextLine(last, LineEnd.NONE)] if last else found


def _line(text: str) -> TextLine:
    return TextLine(text[:-1], LineEnd.CRLF) if text.endswith("\r") else TextLine(text, LineEnd.LF)


def line_ends(lines: Sequence[TextLine]) -> frozenset[LineEnd]:
    """Return the ends that occur: more than one beside NONE is a mixture that a viewer should tell of."""
    return frozenset(line.end for line in lines)


class LineIndex:
    """Where the lines of a file start, found while its bytes go by: eight bytes a line, and no text kept.

    It answers for what has been fed so far; a viewer then reads the lines it shows, and no others.
    """

    def __init__(self, encoding: TextEncoding) -> None:
        self.encoding = encoding
        self.size = 0
        self._newline = encoding.newline
        self._starts = array("Q", [0])
        self._rest = b""

    def feed(self, chunk: bytes) -> None:
        """Take in the next bytes of the file."""
        width, newline = len(self._newline), self._newline
        data = self._rest + chunk
        base = self.size - len(self._rest)
        found = data.find(newline)
        while found >= 0:
            if found % width == 0:
                self._starts.append(base + found + width)
                found += width - 1
            found = data.find(newline, found + 1)
        self.size += len(chunk)
        keep = len(data) % width
        self._rest = data[len(data) - keep :] if keep else b""

    def __len__(self) -> int:
        """Return how many lines there are; what follows the last line feed is one, if anything does."""
        return len(self._starts) - (self._starts[-1] == self.size)

    def span(self, line: int, count: int = 1) -> tuple[int, int]:
        """Return the offset and the size in bytes of lines from ``line`` (the first is 0) on."""
        end = line + count
        start = self._starts[line]
        return start, (self._starts[end] if end < len(self._starts) else self.size) - start

    def line_at(self, offset: int) -> int:
        """Return the line that a byte is in."""
        return max(0, min(bisect_right(self._starts, offset), len(self)) - 1)
