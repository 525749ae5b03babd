"""Text or binary data, the encoding of text by the first bytes of a file, and the lines of a whole text."""

from enum import StrEnum
from typing import NamedTuple

PREFIX_SIZE = 64 * 1024
"""The number of first bytes that `detect_encoding` gets of a large file."""

_MOST_CONTROLS = 0.02
"""The largest share of control characters in text: terminal colours, form feeds."""

_MOST_HIGH = 0.3
"""The largest share of bytes beyond ASCII in Latin-1; no text of a Western language has more."""

_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\r\f\x1b") + b"\x7f"
_HIGH_CONTROLS = bytes(range(0x80, 0xA0))


class TextEncoding(StrEnum):
    """An encoding of text; the value is Python's name of the codec that reads a file from its start."""

    UTF_8 = "utf-8"
    UTF_8_MARKED = "utf-8-sig"
    UTF_16_LE = "utf-16-le"
    UTF_16_BE = "utf-16-be"
    LATIN_1 = "latin-1"

    @property
    def codec(self) -> str:
        """The name of Python's codec that does not treat the byte order mark specially."""
        return self.value.removesuffix("-sig")

    @property
    def word(self) -> str:
        return _WORDS[self]

    @property
    def newline(self) -> bytes:
        return "\n".encode(self.codec)

    @property
    def byte_order_mark(self) -> bytes:
        """The byte order mark that such a text starts with."""
        return _BYTE_ORDER_MARKS.get(self, b"")


_WORDS = {
    TextEncoding.UTF_8: "UTF-8",
    TextEncoding.UTF_8_MARKED: "UTF-8 with a byte order mark",
    TextEncoding.UTF_16_LE: "UTF-16, little-endian",
    TextEncoding.UTF_16_BE: "UTF-16, big-endian",
    TextEncoding.LATIN_1: "Latin-1",
}
_BYTE_ORDER_MARKS = {
    TextEncoding.UTF_8_MARKED: b"\xef\xbb\xbf",
    TextEncoding.UTF_16_LE: b"\xff\xfe",
    TextEncoding.UTF_16_BE: b"\xfe\xff",
}


def detect_encoding(head: bytes, *, whole: bool = True) -> TextEncoding | None:
    """Return the encoding of a file that starts with these bytes, or None if it is not text.

    Unless the bytes are the ``whole`` file, the last character may be cut. UTF-16 is recognised by its mark only.
    """
    for encoding, mark in _BYTE_ORDER_MARKS.items():
        if head.startswith(mark):
            return encoding if _is_text(head.removeprefix(mark), encoding, whole=whole) else None
    if b"\0" in head:
        return None
    if _is_text(head, TextEncoding.UTF_8, whole=whole):
        return TextEncoding.UTF_8
    return TextEncoding.LATIN_1 if _is_latin(head) else None


def _is_text(data: bytes, encoding: TextEncoding, *, whole: bool) -> bool:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if whole or error.end < len(data):
            return False
        text = data[: error.start].decode(encoding)
    controls = sum(map(text.count, _CONTROLS.decode("ascii")))
    return controls <= _MOST_CONTROLS * len(text)


def _is_latin(data: bytes) -> bool:
    if not data or len(data) - len(data.translate(None, _HIGH_CONTROLS)):
        return False
    controls = len(data) - len(data.translate(None, _CONTROLS))
    high = len(data) - len(data.translate(None, bytes(range(0x80, 0x100))))
    return controls <= _MOST_CONTROLS * len(data) and high <= _MOST_HIGH * len(data)


class LineEnd(StrEnum):
    """The ending of a line, which only a line feed ends, as in every tool that counts lines; the last may have none."""

    LF = "\n"
    CRLF = "\r\n"
    NONE = ""


class TextLine(NamedTuple):
    """The text of a line, and its ending."""

    text: str
    end: LineEnd


def split_lines(data: bytes, encoding: TextEncoding) -> list[TextLine]:
    """Return the lines of a whole text; bytes that are invalid in the encoding become U+FFFD."""
    text = data.removeprefix(encoding.byte_order_mark).decode(encoding.codec, "replace")
    lines = text.split("\n")
    last = lines.pop()
    ended = [_line(line) for line in lines]
    return [*ended, TextLine(last, LineEnd.NONE)] if last else ended


def _line(text: str) -> TextLine:
    return TextLine(text[:-1], LineEnd.CRLF) if text.endswith("\r") else TextLine(text, LineEnd.LF)
