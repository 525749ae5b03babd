"""The lines of a text with their endings; only a line feed ends a line, as in every tool that counts lines."""

from enum import StrEnum
from typing import NamedTuple

from layerscope.analysis.text.encoding import TextEncoding


class LineEnd(StrEnum):
    """The ending of a line; the last line may have none."""

    LF = "\n"
    CRLF = "\r\n"
    NONE = ""


class TextLine(NamedTuple):
    """The text of a line, and its ending."""

    text: str
    end: LineEnd


def split_lines(data: bytes, encoding: TextEncoding) -> list[TextLine]:
    """Return the lines of a whole text; bytes that are invalid in the encoding become U+FFFD."""
    text = data.removeprefix(encoding.mark).decode(encoding.codec, "replace")
    lines = text.split("\n")
    last = lines.pop()
    ended = [_line(line) for line in lines]
    return [*ended, TextLine(last, LineEnd.NONE)] if last else ended


def _line(text: str) -> TextLine:
    return TextLine(text[:-1], LineEnd.CRLF) if text.endswith("\r") else TextLine(text, LineEnd.LF)
