"""What differs between the bytes of two versions of a file: by lines where both are text, else from which byte on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from layerscope.analysis.comparison.binary_difference import first_difference
from layerscope.analysis.text.diff import TextDiff, diff_texts
from layerscope.analysis.text.encoding import PREFIX_SIZE, TextEncoding, detect_encoding
from layerscope.analysis.text.lines import TextLine, split_lines
from layerscope.session.files.description import file_words
from layerscope.session.files.pages import FilePages
from layerscope.session.files.revision import FileRevision
from layerscope.text import human_size

LARGEST_TEXT = 4_000_000
MOST_LINES = 60_000
"""Bytes and lines of a side that are compared line by line: that takes seconds at most."""

AROUND = 64
"""Bytes before the first difference that are shown with it."""

_SHOWN = 256

IsCancelled = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class ComparedFile:
    """One of two versions, its bytes at hand; ``pages`` is None for what holds none, a directory or a link."""

    version: FileRevision
    pages: FilePages | None
    encoding: TextEncoding | None = None
    description: str | None = None

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return self.pages.size if self.pages else 0


class BytesAround(NamedTuple):
    """What is on both sides around the first byte that differs, from ``start`` on."""

    offset: int
    start: int
    before: bytes
    after: bytes


@dataclass(frozen=True, slots=True)
class FileDifference:
    """What came of a comparison: ``text``, or ``around``, or neither where the bytes are equal; ``note`` says more."""

    before: ComparedFile | None
    after: ComparedFile | None
    text: TextDiff | None = None
    around: BytesAround | None = None
    note: str | None = None


def open_side(version: FileRevision | None) -> ComparedFile | None:
    """Read the head of a version; raises FormatError. Symlinks are not followed: what they hold is their target."""
    if version is None:
        return None
    file = version.opened.contents.file(version.occurrence)
    if file is None:
        return ComparedFile(version, None)
    pages = FilePages(version.opened, file)
    head = pages.head(PREFIX_SIZE)
    encoding = detect_encoding(head, whole=pages.size <= PREFIX_SIZE)
    return ComparedFile(version, pages, encoding, file_words(head, version.path, pages.size))


def compare_sides(before: ComparedFile | None, after: ComparedFile | None, is_cancelled: IsCancelled) -> FileDifference:
    """Compare the bytes of both; what is not there is empty. Raises FormatError.

    What comes of it once it is cancelled means nothing.
    """
    there = [side.pages for side in (before, after) if side and side.pages]
    if not there:
        return FileDifference(before, after)
    note = None
    if all(side.encoding for side in (before, after) if side and side.pages):
        if max(pages.size for pages in there) > LARGEST_TEXT:
            note = f"A text of more than {human_size(LARGEST_TEXT)} is not compared line by line."
        else:
            found = _compared_texts(before, after)
            if found is not None:
                return found
            note = "A text of so many lines, or with bytes that do not fit its encoding, is not compared line by line."
    return FileDifference(before, after, around=_first_bytes(before, after, is_cancelled), note=note)


def _compared_texts(before: ComparedFile | None, after: ComparedFile | None) -> FileDifference | None:
    """Compare line by line; None where lines cannot tell."""
    data, other = _whole(before), _whole(after)
    old, new = _lines(before, data), _lines(after, other)
    if max(len(old), len(new)) > MOST_LINES:
        return None
    diff = diff_texts(old, new)
    if diff.is_equal and data != other:
        return _same_in_other_bytes(before, after)
    return FileDifference(before, after, text=diff)


def _same_in_other_bytes(before: ComparedFile | None, after: ComparedFile | None) -> FileDifference | None:
    encodings = [side.encoding for side in (before, after) if side and side.encoding]
    if len(set(encodings)) == 1:
        return None
    words = " before, ".join(encoding.word for encoding in encodings)
    return FileDifference(before, after, note=f"Both hold the same text, encoded in another way: {words} after.")


def _whole(side: ComparedFile | None) -> bytes:
    return side.pages.read(0, side.size) if side and side.pages else b""


def _lines(side: ComparedFile | None, data: bytes) -> list[TextLine]:
    return split_lines(data, side.encoding or TextEncoding.UTF_8) if side else []


def _first_bytes(
    before: ComparedFile | None, after: ComparedFile | None, is_cancelled: IsCancelled
) -> BytesAround | None:
    offset = first_difference(_chunks(before, is_cancelled), _chunks(after, is_cancelled))
    if offset is None or is_cancelled():
        return None
    start = max(0, offset - AROUND) // 16 * 16
    pieces = (side.pages.read(start, _SHOWN) if side and side.pages else b"" for side in (before, after))
    return BytesAround(offset, start, *pieces)


def _chunks(side: ComparedFile | None, is_cancelled: IsCancelled) -> Iterator[bytes]:
    if side is None or side.pages is None:
        return
    for chunk in side.pages.chunks():
        if is_cancelled():
            return
        yield chunk
