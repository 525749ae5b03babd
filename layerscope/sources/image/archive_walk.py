"""The members of an outer archive, and the position of their bytes."""

from contextlib import closing

from msgspec import Struct

from layerscope.model.entries import Kind, LayerEntries
from layerscope.model.image import Compression
from layerscope.model.span import FileSpan
from layerscope.sources.tar.blocks import open_blocks
from layerscope.sources.tar.header import BLOCK, has_valid_checksum
from layerscope.sources.tar.walk import walk


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
