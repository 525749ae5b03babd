"""The files of a tar archive that ``docker save`` wrote, or that holds an OCI image layout.

With the outline of a compressed archive, it need not be decompressed to be opened again.
"""

import os
from collections.abc import Iterator
from contextlib import closing
from io import FileIO

from msgspec import Struct

from layerscope.errors import MissingBlob
from layerscope.model.entries import Kind, LayerEntries
from layerscope.model.image import Compression, FileSpan
from layerscope.sources.image.documents import TOTAL_LIMIT
from layerscope.sources.stream.compression import open_span
from layerscope.sources.stream.spool import write_all
from layerscope.sources.tar.blocks import open_blocks
from layerscope.sources.tar.header import BLOCK, has_valid_checksum
from layerscope.sources.tar.walk import walk
from layerscope.text import path_bytes, short_name

_MOST_HOPS = 40
"""Links that are followed for one name, the same limit as in Linux."""

_LONGEST_PATH = 4096
"""Bytes of the longest name or link target that is followed, the same limit as in Linux."""

_MOST_LINK_PARTS = 2_000_000
"""Parts of link targets that are followed in one archive; the links of an honest one have a few thousand."""

_HEAD = 4096
"""The bytes that are kept of a file that is no document: enough to recognize its compression."""

_JSON_STARTS = (b"{", b"[")


class ArchiveMember(Struct, frozen=True):
    """One member: its normalized name, its bytes as a span of the archive, and the target of a link."""

    name: bytes
    kind: Kind
    span: FileSpan
    link: bytes | None


class ArchiveListing(Struct, frozen=True):
    """The members that could be read, and the error that ended the walk early.

    ``is_tar`` is true also for a tar whose members are all left out, because of ``..`` in their names, say, or whose
    first one is broken.
    """

    members: tuple[ArchiveMember, ...]
    is_tar: bool
    error: str | None


def walk_archive(archive: FileSpan) -> ArchiveListing:
    """List an uncompressed tar; raises OSError if it cannot be opened. A broken tar sets ``error`` instead."""
    entries = LayerEntries()
    with closing(open_blocks(archive, Compression.NONE)) as blocks:
        is_tar = has_valid_checksum(blocks.read(0, BLOCK))
        for _ in walk(blocks, entries):
            pass
    members = tuple(_member(archive, entries, row, name) for row, name in enumerate(entries.paths))
    return ArchiveListing(members, is_tar, entries.error)


def _member(archive: FileSpan, entries: LayerEntries, row: int, name: bytes) -> ArchiveMember:
    table = entries.table
    # the bytes of a sparse member are not in one piece, so that none of them are available
    span = archive.part(archive.size if table.sparse.get(row) else table.data_offsets[row], table.sizes[row])
    return ArchiveMember(name, Kind(table.kinds[row]), span, table.link(row))


class ArchiveFiles:
    """The regular files of a tar archive; links are followed inside the archive only."""

    def __init__(self, archive: FileSpan, description: str, error: str | None = None) -> None:
        listing = walk_archive(archive)
        self.description = description
        self.error = error or (listing.error and f"{description} is truncated or broken: {listing.error}")
        self.is_tar = listing.is_tar
        self._parts_left = _MOST_LINK_PARTS
        self._members = {member.name: member for member in listing.members}

    @property
    def names(self) -> list[bytes]:
        return list(self._members)

    def span(self, name: str) -> FileSpan | None:
        """Return the span of the file, all links followed, or None if no regular file has that name."""
        member = self._follow(name)
        return member.span if member is not None and member.kind is Kind.FILE else None

    def _follow(self, name: str) -> ArchiveMember | None:
        walked: list[bytes] = []
        path = path_bytes(name)
        pending = path.split(b"/")[::-1] if len(path) <= _LONGEST_PATH else []
        hops = 0
        while pending:
            _step(walked, pending.pop(), f"{short_name(name)} is outside {self.description}")
            member = self._members.get(b"/".join(walked))
            if member is None or member.kind not in (Kind.SYMLINK, Kind.HARDLINK):
                continue
            hops += 1
            target = member.link or b""
            if hops > _MOST_HOPS or len(target) > _LONGEST_PATH:
                raise MissingBlob(f"{short_name(name)} in {self.description} is a loop of links")
            parts = target.split(b"/")[::-1]
            self._parts_left -= len(parts)
            if self._parts_left < 0:
                raise MissingBlob(f"the links in {self.description} are too many or too long")
            pending += parts
            # A hard link's target is relative to the archive's root, a symlink's to the folder that holds it.
            walked = walked[:-1] if member.kind is Kind.SYMLINK and target[:1] != b"/" else []
        return self._members.get(b"/".join(walked))


def _step(walked: list[bytes], part: bytes, refusal: str) -> None:
    """Follow one part of a path; raises MissingBlob with the given message above the archive's root."""
    if part == b"..":
        if not walked:
            raise MissingBlob(refusal)
        walked.pop()
    elif part not in (b"", b"."):
        walked.append(part)


class Outline(Struct, frozen=True):
    """A plain archive without the content of its layers, which is all that opening it reads.

    It has the size of the archive, and pieces of it with their offsets.
    """

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
        text = os.pread(descriptor, _HEAD, file.offset).lstrip() if file.size > _HEAD else b""
        if text and not text.startswith(_JSON_STARTS):
            yield start, file.offset + _HEAD
            start = file.offset + file.size
    yield start, archive.size
