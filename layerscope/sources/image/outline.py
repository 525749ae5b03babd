"""An archive without the content of its layers, which is all that opening it reads.

With the outline of a compressed archive, the archive need not be decompressed to be opened again.
"""

import os
from collections.abc import Iterator
from io import FileIO

from msgspec import Struct

from layerscope.model.entries import Kind
from layerscope.model.image import FileSpan
from layerscope.sources.image.archive import walk_archive
from layerscope.sources.image.documents import TOTAL_LIMIT
from layerscope.sources.stream.compression import open_span
from layerscope.sources.stream.spool import write_all

_HEAD = 4096
"""The bytes that are kept of a file that is no document: enough to recognize its compression."""

_JSON_STARTS = (b"{", b"[")


class Outline(Struct, frozen=True):
    """The size of a plain archive, and pieces of it with their offsets."""

    size: int
    pieces: list[tuple[int, bytes]]

    def write(self, file: FileIO) -> None:
        """Write the archive, with holes in place of what is left out; raises OSError."""
        for offset, piece in self.pieces:
            file.seek(offset)
            write_all(file, piece)
        file.truncate(self.size)
        file.seek(self.size)


def outline_of(archive: FileSpan) -> Outline | None:
    """Return the outline of a plain archive; None if it is broken, or has too much beside layers. Raises OSError."""
    listing = walk_archive(archive)
    if listing.error is not None:
        return None
    files = {member.span for member in listing.members if member.kind is Kind.FILE and not member.span.truncated}
    descriptor = open_span(archive)
    try:
        pieces, left = list[tuple[int, bytes]](), TOTAL_LIMIT
        for start, end in _kept(descriptor, archive, sorted(files, key=lambda file: file.offset)):
            left -= end - start
            if left < 0:
                return None
            pieces.append((start, os.pread(descriptor, end - start, start)))
    finally:
        os.close(descriptor)
    return Outline(archive.size, pieces)


def _kept(descriptor: int, archive: FileSpan, files: list[FileSpan]) -> Iterator[tuple[int, int]]:
    """Yield the ranges to keep: all but the content of files that cannot be JSON documents."""
    start = 0
    for file in files:
        if file.size > _HEAD and _is_no_document(os.pread(descriptor, _HEAD, file.offset)):
            yield start, file.offset + _HEAD
            start = file.offset + file.size
    yield start, archive.size


def _is_no_document(head: bytes) -> bool:
    text = head.lstrip()
    return bool(text) and not text.startswith(_JSON_STARTS)
