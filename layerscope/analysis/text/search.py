"""Search in a file of any size: in text line by line, in other data by bytes."""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import AnyStr, NamedTuple

from layerscope.analysis.search.expression import Expression, Match
from layerscope.analysis.search.query import REGEX_PREFIX
from layerscope.analysis.text.encoding import TextEncoding
from layerscope.errors import UsageError

_HEX = re.compile(r"0x((?:[0-9a-f]{2}|\s)+)", re.IGNORECASE)

_OVERLAP = 1024
"""The bytes searched twice where a piece of a file ends within a line; a longer match is not found there."""

_LONGEST_LINE = 64 * 1024
"""The longest line that is searched in one piece, in bytes."""


_SHOWN_BEFORE, _SHOWN_AFTER = 200, 800
"""The characters before and from the start of a match that are taken of a very long line."""

_SECONDS_A_PIECE = 2.0
"""The time limit of an expression on one piece of a file."""

_SECONDS_A_ROW = 0.01
"""The time limit on a line that is being drawn, because the keys wait; beyond it, matches are not marked."""


Finder = Callable[[AnyStr, float], Iterator[Match]]
"""A function that yields the matches in a piece of a file; UsageError if that takes longer than a number of seconds."""


@dataclass(frozen=True, slots=True)
class Search:
    """A search in text and in bytes; ``literal`` is in lower case, and None for a regular expression.

    ``ascii`` is a literal that is the same in bytes, and None for others.
    """

    text: Finder[str]
    data: Finder[bytes]
    literal: str | None
    ascii: bytes | None = None

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield the spans of the matches in a line that is being drawn, as far as they are found in time."""
        return _drawn(self.text(text, _SECONDS_A_ROW))

    def spans_in_bytes(self, data: bytes) -> Iterator[tuple[int, int]]:
        return _drawn(self.data(data, _SECONDS_A_ROW))


def _drawn(matches: Iterator[Match]) -> Iterator[tuple[int, int]]:
    with suppress(UsageError):
        yield from _filled(matches)


def _filled(matches: Iterator[Match]) -> Iterator[tuple[int, int]]:
    """Yield the spans of the matches that are not empty."""
    return (span for span in (match.span() for match in matches) if span[1] > span[0])


def parse_search(text: str) -> Search | None:
    """Return the search for a text that a user typed, or None if it is empty; raises UsageError.

    A text without capital letters ignores case. ``re:`` starts a regular expression, ``0x`` bytes in hex.
    """
    if not text or text == REGEX_PREFIX:
        return None
    ignore_case = not any(map(str.isupper, text))
    if text.startswith(REGEX_PREFIX):
        expression = text.removeprefix(REGEX_PREFIX)
        encoded = expression.encode("utf-8", "surrogateescape")
        in_text = Expression(expression, ignore_case=ignore_case, by_line=True)
        in_bytes = Expression(encoded, ignore_case=ignore_case, by_line=True)
        return Search(in_text.finditer, in_bytes.finditer, None)
    flags = re.IGNORECASE if ignore_case else 0
    literal = re.compile(re.escape(text.encode("utf-8", "surrogateescape")), flags)
    if in_hex := _HEX.fullmatch(text):
        literal = re.compile(re.escape(bytes.fromhex(in_hex[1])))
    in_ascii = text.lower().encode() if text.isascii() and not in_hex else None
    return Search(_finder(re.compile(re.escape(text), flags)), _finder(literal), text.lower(), in_ascii)


def _finder(pattern: re.Pattern[AnyStr]) -> Finder[AnyStr]:
    """Return the function that finds a literal, which never takes long."""
    return lambda text, _seconds: pattern.finditer(text)


@dataclass(frozen=True, slots=True)
class Found:
    """The offsets of the matches in a part of the file that ends at ``done``, in bytes, ascending."""

    offsets: tuple[int, ...]
    done: int


def find_in_text(search: Search, chunks: Iterable[bytes], encoding: TextEncoding) -> Iterator[Found]:
    """Yield the matches in the lines of a text, a chunk at a time; no match spans two lines.

    Raises UsageError if an expression takes too long.
    """
    last = -1
    for offset, piece in _pieces(chunks, encoding.newline):
        offsets = [start for start in _in_piece(search, piece, offset, encoding) if start > last]
        last = offsets[-1] if offsets else last
        yield Found(tuple(offsets), offset + len(piece))


class FoundLine(NamedTuple):
    """A line with a match, counted from 1; of a very long line, the part around the match."""

    line: int
    text: str


def find_lines(search: Search, chunks: Iterable[bytes], encoding: TextEncoding) -> Iterator[FoundLine]:
    """Yield the lines of a text that have a match; raises UsageError if an expression takes too long."""
    line, last = 1, 0
    for _, piece in _pieces(chunks, encoding.newline):
        if len(encoding.newline) > 1 or may_hold(search, piece):
            text = piece.decode(encoding.codec, "replace")
            for found in _lines_in(search, text, line):
                if found.line != last:
                    yield found
                last = found.line
            line += text.count("\n")
        else:
            line += piece.count(encoding.newline)


def may_hold(search: Search, data: bytes) -> bool:
    """Return False for bytes, also of text in UTF-8 or Latin-1, without a match: decoding takes ten times as long."""
    return search.ascii is None or search.ascii in data.lower()


def _lines_in(search: Search, text: str, line: int) -> Iterator[FoundLine]:
    """Yield the line of each match in a piece, which starts in a line of that number."""
    reached = 0
    for start, end in _filled(search.text(text, _SECONDS_A_PIECE)):
        if "\n" in text[start:end]:
            continue
        line += text.count("\n", reached, start)
        reached = start
        first, after = text.rfind("\n", 0, start) + 1, text.find("\n", start)
        first, after = max(first, start - _SHOWN_BEFORE), start + _SHOWN_AFTER if after < 0 else after
        yield FoundLine(line, text[first : min(after, start + _SHOWN_AFTER)].removeprefix("\ufeff").removesuffix("\r"))


def find_in_bytes(search: Search, chunks: Iterable[bytes]) -> Iterator[Found]:
    """Yield the matches in data of any kind, a chunk at a time; raises UsageError as `find_in_text` does."""
    last, rest, offset = -1, b"", 0
    for chunk in chunks:
        piece = rest + chunk
        spans = _filled(search.data(piece, _SECONDS_A_PIECE)) if may_hold(search, piece) else ()
        offsets = [offset + start for start, _ in spans if offset + start > last]
        last = offsets[-1] if offsets else last
        yield Found(tuple(offsets), offset + len(piece))
        rest = piece[-_OVERLAP:]
        offset += len(piece) - len(rest)


def _pieces(chunks: Iterable[bytes], newline: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the whole lines of each chunk with their offset; a very long line comes in parts that overlap."""
    rest, offset = b"", 0
    for chunk in chunks:
        data = rest + chunk
        end = data.rfind(newline) + 1
        while end and len(newline) > 1 and (end - 1) % len(newline):
            end = data.rfind(newline, 0, end - 1) + 1
        if end:
            end += len(newline) - 1
        elif len(data) < _LONGEST_LINE:
            rest = data
            continue
        yield offset, data[: end or len(data)]
        start = end or len(data) - _OVERLAP
        rest, offset = data[start:], offset + start
    if rest:
        yield offset, rest


def _in_piece(search: Search, piece: bytes, offset: int, encoding: TextEncoding) -> Iterator[int]:
    codec = encoding.codec
    # Invalid bytes must encode to as many bytes again, because offsets are counted in the encoded text.
    errors = "surrogateescape" if codec == "utf-8" else "surrogatepass" if codec.startswith("utf-16") else "strict"
    try:
        text = piece.decode(codec, errors)
    except UnicodeDecodeError:
        text, errors = piece.decode(codec, "replace"), "replace"
    if search.literal is not None and search.literal not in text.lower():
        return
    at, reached = 0, offset
    for start, end in _filled(search.text(text, _SECONDS_A_PIECE)):
        if "\n" not in text[start:end]:
            reached += len(text[at:start].encode(codec, errors))
            at = start
            yield reached
