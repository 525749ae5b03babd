"""The lines of a text, with what ends each; only a line feed ends a line, as in every tool that counts them."""

from enum import StrEnum
from typing import NamedTuple

from layerscope.analysis.text.encoding import TextEncoding


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
