"""Looks for what a user typed in a file of any size: in text by lines, in other data by bytes."""

import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from layerscope.analysis.query import REGEX_PREFIX
from layerscope.analysis.text_encoding import TextEncoding
from layerscope.errors import UsageError

_HEX = re.compile(r"0x((?:[0-9a-f]{2}|\s)+)", re.IGNORECASE)

_OVERLAP = 1024
"""Bytes that are looked at twice where a piece of a file ends within a line: no longer match is found there."""

_LONGEST_LINE = 64 * 1024
"""A line is kept in one piece up to so many bytes."""


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for, as text and as bytes; ``literal`` is in lower case, and None for a regular expression."""

    text: re.Pattern[str]
    data: re.Pattern[bytes]
    literal: str | None

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where it is in a line."""
        return (match.span() for match in self.text.finditer(text) if match.end() > match.start())


def parse_search(text: str) -> Search | None:
    """Return what a user looks for, or None for nothing; raises UsageError.

    A text with no capital letter finds capital ones too. ``re:`` starts a regular expression, ``0x`` bytes in hex.
    """
    if not text or text == REGEX_PREFIX:
        return None
    flags = re.MULTILINE | (0 if any(map(str.isupper, text)) else re.IGNORECASE)
    if text.startswith(REGEX_PREFIX):
        return _regex(text.removeprefix(REGEX_PREFIX), flags)
    data = re.compile(re.escape(text.encode("utf-8", "surrogateescape")), flags)
    if found := _HEX.fullmatch(text):
        data = re.compile(re.escape(bytes.fromhex(found[1])))
    return Search(re.compile(re.escape(text), flags), data, text.lower())


def _regex(expression: str, flags: int) -> Search:
    try:
        with warnings.catch_warnings(action="ignore"):
            data = expression.encode("utf-8", "surrogateescape")
            return Search(re.compile(expression, flags), re.compile(data, flags), None)
    except (re.error, OverflowError, RecursionError) as error:
        raise UsageError(f"{expression!r} is no regular expression: {error}") from error


@dataclass(frozen=True, slots=True)
class Found:
    """Where matches start in a part of the file that ends at ``done``; all are offsets in bytes, ascending."""

    offsets: tuple[int, ...]
    done: int


def find_in_text(search: Search, chunks: Iterable[bytes], encoding: TextEncoding) -> Iterator[Found]:
    """Yield the matches in the lines of a text, a chunk at a time; none reaches over the end of a line."""
    last = -1
    for offset, piece in _pieces(chunks, encoding.newline):
        offsets = [found for found in _in_piece(search, piece, offset, encoding) if found > last]
        last = offsets[-1] if offsets else last
        yield Found(tuple(offsets), offset + len(piece))


def find_in_bytes(search: Search, chunks: Iterable[bytes]) -> Iterator[Found]:
    """Yield the matches in data of any kind, a chunk at a time."""
    last, rest, offset = -1, b"", 0
    for chunk in chunks:
        piece = rest + chunk
        spans = (match.span() for match in search.data.finditer(piece))
        offsets = [offset + start for start, end in spans if end > start and offset + start > last]
        last = offsets[-1] if offsets else last
        yield Found(tuple(offsets), offset + len(piece))
        rest = piece[-_OVERLAP:]
        offset += len(piece) - len(rest)


def _pieces(chunks: Iterable[bytes], newline: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield whole lines with their offset, as many as a chunk has; a very long one in parts that overlap."""
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
    codec = encoding.value.removesuffix("-sig")
    # what does not fit the encoding has to take as many bytes again when offsets are counted
    errors = "surrogateescape" if codec == "utf-8" else "surrogatepass" if codec.startswith("utf-16") else "strict"
    try:
        text = piece.decode(codec, errors)
    except UnicodeDecodeError:
        text, errors = piece.decode(codec, "replace"), "replace"
    if search.literal is not None and search.literal not in text.lower():
        return
    at, reached = 0, offset
    for match in search.text.finditer(text):
        if match.end() > match.start() and "\n" not in match[0]:
            reached += len(text[at : match.start()].encode(codec, errors))
            at = match.start()
            yield reached
