"""The differences between two revisions of a file: by lines if both are text, else the first byte that differs."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from posixpath import commonprefix
from typing import NamedTuple

from layerscope.analysis.text.diff import TextDiff, diff_texts
from layerscope.analysis.text.encoding import PREFIX_SIZE, TextEncoding, TextLine, detect_encoding, split_lines
from layerscope.session.files.pages import FilePages
from layerscope.session.files.revision import FileRevision
from layerscope.session.files.text import file_words
from layerscope.text import human_size

LARGEST_TEXT = 4_000_000
MOST_LINES = 60_000
"""The most bytes and lines of one side that are compared line by line, which takes seconds at most."""

AROUND = 64
"""Bytes before the first difference that are shown with it."""

_SHOWN = 256

IsCancelled = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class ComparedFile:
    """One of the two revisions; ``pages`` reads its bytes, and is None for a directory or a link, which have none."""

    revision: FileRevision
    pages: FilePages | None
    encoding: TextEncoding | None = None
    description: str | None = None

    @property
    def size(self) -> int:
        return self.pages.size if self.pages else 0


class BytesAround(NamedTuple):
    """The bytes of both sides from ``start`` on, around the first one that differs."""

    offset: int
    start: int
    before: bytes
    after: bytes


@dataclass(frozen=True, slots=True)
class FileDifference:
    """The result: ``text`` or ``around``, or neither if the bytes are equal; ``note`` is a remark on it."""

    before: ComparedFile | None
    after: ComparedFile | None
    text: TextDiff | None = None
    around: BytesAround | None = None
    note: str | None = None


def open_side(revision: FileRevision | None) -> ComparedFile | None:
    """Read the first bytes of a revision; raises FormatError. A symlink is not followed: its content is its target."""
    if revision is None:
        return None
    file = revision.opened.contents.file(revision.occurrence)
    if file is None:
        return ComparedFile(revision, None)
    pages = FilePages(revision.opened, file)
    prefix = pages.head(PREFIX_SIZE)
    encoding = detect_encoding(prefix, whole=pages.size <= PREFIX_SIZE)
    return ComparedFile(revision, pages, encoding, file_words(prefix, revision.path, pages.size))


def compare_sides(before: ComparedFile | None, after: ComparedFile | None, is_cancelled: IsCancelled) -> FileDifference:
    """Compare the bytes of both; a missing side is empty. Raises FormatError.

    The result is meaningless once the comparison is cancelled.
    """
    present = [side.pages for side in (before, after) if side and side.pages]
    if not present:
        return FileDifference(before, after)
    note = None
    if all(side.encoding for side in (before, after) if side and side.pages):
        if max(pages.size for pages in present) > LARGEST_TEXT:
            note = f"A text of more than {human_size(LARGEST_TEXT)} is not compared line by line."
        else:
            difference = _compared_texts(before, after)
            if difference is not None:
                return difference
            note = "The text has too many lines, or bytes that do not fit its encoding, to be compared line by line."
    return FileDifference(before, after, around=_first_bytes(before, after, is_cancelled), note=note)


def _compared_texts(before: ComparedFile | None, after: ComparedFile | None) -> FileDifference | None:
    """Compare line by line; return None if lines do not show the difference."""
    old_bytes, new_bytes = _whole(before), _whole(after)
    old, new = _lines(before, old_bytes), _lines(after, new_bytes)
    if max(len(old), len(new)) > MOST_LINES:
        return None
    diff = diff_texts(old, new)
    if diff.is_equal and old_bytes != new_bytes:
        return _same_in_other_bytes(before, after)
    return FileDifference(before, after, text=diff)


def _same_in_other_bytes(before: ComparedFile | None, after: ComparedFile | None) -> FileDifference | None:
    encodings = [side.encoding for side in (before, after) if side and side.encoding]
    if len(set(encodings)) == 1:
        return None
    words = " before, ".join(encoding.word for encoding in encodings)
    return FileDifference(before, after, note=f"Both are the same text in different encodings: {words} after.")


def _whole(side: ComparedFile | None) -> bytes:
    return side.pages.read(0, side.size) if side and side.pages else b""


def _lines(side: ComparedFile | None, data: bytes) -> list[TextLine]:
    return split_lines(data, side.encoding or TextEncoding.UTF_8) if side else []


def _first_bytes(
    before: ComparedFile | None, after: ComparedFile | None, is_cancelled: IsCancelled
) -> BytesAround | None:
    old, new = (side.pages if side else None for side in (before, after))
    offset = _first_difference(old, new, is_cancelled)
    if offset is None or is_cancelled():
        return None
    start = max(0, offset - AROUND) // 16 * 16
    return BytesAround(offset, start, *(pages.read(start, _SHOWN) if pages else b"" for pages in (old, new)))


def _first_difference(old: FilePages | None, new: FilePages | None, is_cancelled: IsCancelled) -> int | None:
    """Return the offset of the first byte that differs, without reading ranges that are holes on both sides."""
    sizes = [pages.size if pages else 0 for pages in (old, new)]
    stored = [stored for pages in (old, new) if pages for stored in pages.stored_ranges]
    for start, end in _merged(stored, min(sizes)):
        chunks = (_chunks(pages, start, end, is_cancelled) for pages in (old, new))
        offset = first_difference(*chunks)
        if offset is not None:
            return start + offset
    return min(sizes) if sizes[0] != sizes[1] else None


def first_difference(old: Iterable[bytes], new: Iterable[bytes]) -> int | None:
    """Return the offset of the first byte that differs; both come in pieces of the same sizes, up to the same end.

    Nothing behind the difference is read. A piece that is cut short is followed by the error of reading it.
    """
    offset = 0
    for old_piece, new_piece in zip(old, new, strict=False):
        if old_piece != new_piece:
            same = len(commonprefix([old_piece, new_piece]))
            if same < min(len(old_piece), len(new_piece)):
                return offset + same
        offset += len(old_piece)
    return None


def _merged(ranges: Iterable[range], size: int) -> Iterator[tuple[int, int]]:
    """Yield start and end of the ranges up to ``size`` in ascending order, those that overlap or touch as one."""
    start = end = 0
    for stored in sorted(ranges, key=lambda stored: stored.start):
        if stored.start > end:
            if start < end:
                yield start, end
            start = stored.start
        end = max(end, min(stored.stop, size))
    if start < end:
        yield start, end


def _chunks(pages: FilePages | None, start: int, end: int, is_cancelled: IsCancelled) -> Iterator[bytes]:
    for chunk in pages.chunks(start, end) if pages else ():
        if is_cancelled():
            return
        yield chunk
