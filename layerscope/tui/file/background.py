"""Work that a file view does in threads, in steps, so that it can be cancelled between two, and its messages."""

import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from textual.message import Message

from layerscope.analysis.file_types.description import describe
from layerscope.analysis.text.encoding import PREFIX_SIZE, TextEncoding, TextLine, detect_encoding
from layerscope.analysis.text.search import Found, find_in_bytes, find_in_text
from layerscope.comparison.file_difference import ComparedFile, IsCancelled
from layerscope.errors import FormatError
from layerscope.extraction.private_copy import PrivateCopy
from layerscope.session.files.pages import FilePages
from layerscope.session.files.revision import FileRevision
from layerscope.session.files.text import FileText, file_words
from layerscope.session.loaded_image import LoadedImage
from layerscope.tui.drawing.syntax import ToneSpan, find_lexer, tones_of
from layerscope.tui.file.state import Hits, OpenFile
from layerscope.tui.file.text_view import TONED_ROWS
from layerscope.tui.keys.workers import SECONDS_A_PICTURE

if TYPE_CHECKING:
    from pygments.lexer import Lexer

    from layerscope.analysis.text.search import Search

_ROWS_BEFORE = 800
"""Rows before a window that pygments reads as well: the window may start inside a comment or a string."""


class Looks(NamedTuple):
    """The description of a file's type, and the lexer for its text."""

    description: str | None
    lexer: "Lexer | None"


def open_file(opened: LoadedImage, file: int) -> OpenFile:
    """Read the first bytes of a regular file; raises FormatError."""
    pages = FilePages(opened, file)
    head = pages.head(PREFIX_SIZE)
    encoding = detect_encoding(head, whole=pages.size <= PREFIX_SIZE) if pages.is_readable else None
    path = opened.tree.index.path(opened.tree.index.node_of(file))
    return OpenFile(pages, encoding, head, path, describe(head, path, pages.size))


def describe_file(file: OpenFile) -> Looks:
    """Describe a file by its first bytes, with libmagic, and find a lexer for it."""
    description = file_words(file.head, file.path, file.pages.size)
    return Looks(description, find_lexer(file.path, file.head) if file.encoding else None)


def count_rows(text: FileText) -> Iterator[bool]:
    """Count the rows of a text; yields after each piece, True when the screen is due for an update."""
    painted = 0.0
    try:
        for _ in text.build():
            now = time.monotonic()
            is_due = now - painted > SECONDS_A_PICTURE
            painted = now if is_due else painted
            yield is_due
    except FormatError:
        # The pages keep the reason.
        yield True


def tones_in(lexer: "Lexer", text: FileText, window: int) -> Sequence[Sequence[ToneSpan]]:
    """Return the tones of a window of rows."""
    start = max(0, window * TONED_ROWS - _ROWS_BEFORE)
    end = min((window + 1) * TONED_ROWS, text.index.rows)
    try:
        rows = [text.read_row(row).text for row in range(start, end)]
    except FormatError:
        return ()
    return (tones_of(lexer, rows) or [])[window * TONED_ROWS - start :]


def find_all(search: "Search", pages: FilePages, encoding: TextEncoding | None) -> Iterator[tuple[Found, bool]]:
    """Yield matches in a file, and whether the screen is due for an update; ends early if it cannot be read."""
    parts = (
        find_in_bytes(search, pages.chunks()) if encoding is None else find_in_text(search, pages.chunks(), encoding)
    )
    offsets, painted = list[int](), 0.0
    try:
        for part in parts:
            offsets += part.offsets
            now = time.monotonic()
            if now - painted > SECONDS_A_PICTURE:
                painted = now
                yield Found(tuple(offsets), part.done), True
                offsets.clear()
            else:
                yield Found((), part.done), False
    except FormatError:
        pass
    yield Found(tuple(offsets), pages.size), True


def hash_file(pages: FilePages) -> Iterator[str]:
    """Yield an empty text while the file is read, and then its sha256; raises FormatError."""
    digest = hashlib.sha256()
    for chunk in pages.chunks():
        digest.update(chunk)
        yield ""
    yield digest.hexdigest()


def digest_of(side: ComparedFile | None, is_cancelled: IsCancelled) -> str:
    """Return the sha256 of a side of a comparison; an empty text if it has no bytes or cannot be read to its end."""
    if side is None or side.pages is None or not side.pages.is_readable:
        return ""
    try:
        for digest in hash_file(side.pages):
            if digest or is_cancelled():
                return digest
    except FormatError:
        # The comparison has already said why.
        return ""
    return ""


def tones_of_side(side: ComparedFile | None, lines: Sequence[TextLine]) -> Sequence[Sequence[ToneSpan]]:
    """Return the tones of all lines of a side of a comparison; none if that takes too long."""
    if side is None or side.pages is None:
        return ()
    lexer = find_lexer(side.revision.path, side.pages.head(PREFIX_SIZE))
    return (tones_of(lexer, [line.text for line in lines]) or ()) if lexer else ()


class FrameChanged(Message):
    """The content of a file has changed, so its frame needs other titles."""

    def can_replace(self, message: Message) -> bool:
        """Let only the last of several be handled."""
        return isinstance(message, FrameChanged)


@dataclass
class FileOpened(Message):
    """The first bytes of a revision were read; ``file`` is None if that failed, and ``error`` says why."""

    revision: FileRevision
    file: OpenFile | None
    error: str = ""


@dataclass
class FileActionFailed(Message):
    """An action on the file failed; ``sentence`` says why."""

    sentence: str


@dataclass
class FileDescribed(Message):
    """A file has been described, and its language recognized."""

    file: OpenFile
    looks: Looks


@dataclass
class RowsCounted(Message):
    """More rows of a file are known, or all that can be read."""

    file: OpenFile


@dataclass
class BytesLoaded(Message):
    """Missing bytes of a file were loaded, or could not be read."""

    file: OpenFile


@dataclass
class RowsToned(Message):
    """A window of rows has colours; ``tones`` is None if it was scrolled out of sight first."""

    file: OpenFile
    window: int
    tones: Sequence[Sequence[ToneSpan]] | None


@dataclass
class FileSearched(Message):
    """Another part of a file was searched."""

    file: OpenFile
    hits: Hits
    found: Found


@dataclass
class FileHashed(Message):
    """The digest of a file is known."""

    file: OpenFile
    digest: str


@dataclass
class TextRead(Message):
    """The text of a file was read, to be copied to the clipboard."""

    text: str


@dataclass
class FileCopied(Message):
    """A copy of a file was written for an external program."""

    copy: PrivateCopy
    command: Sequence[str]
