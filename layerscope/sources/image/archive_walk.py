"""The members of an outer archive, and the position of their bytes."""

from contextlib import closing
from dataclasses import dataclass

from layerscope.model.entries import Kind, LayerEntries
from layerscope.model.image import Compression
from layerscope.model.span import FileSpan
from layerscope.sources.tar.blocks import open_blocks
from layerscope.sources.tar.walk import walk


@dataclass(frozen=True, slots=True)
class ArchiveMember:
    """One member: its normalized name, its bytes as a span of the archive, and the target of a link."""

    name: bytes
    kind: Kind
    span: FileSpan
    link: bytes | None


@dataclass(frozen=True, slots=True)
class ArchiveListing:
    """The members that could be read, and the error that ended the walk early."""

    members: tuple[ArchiveMember, ...]
    error: str | None


def walk_archive(archive: FileSpan) -> ArchiveListing:
    """List an uncompressed tar; raises OSError if it cannot be opened. A broken tar sets ``error`` instead."""
    entries = LayerEntries()
    with closing(open_blocks(archive, Compression.NONE)) as blocks:
        for _ in walk(blocks, entries):
            pass
    members = tuple(_member(archive, entries, row, name) for row, name in enumerate(entries.paths))
    return ArchiveListing(members, entries.error)


def _member(archive: FileSpan, entries: LayerEntries, row: int, name: bytes) -> ArchiveMember:
    table = entries.table
    start, stated = table.data_offsets[row], table.sizes[row]
    available = max(0, min(stated, archive.size - start))
    span = FileSpan(archive.path, archive.offset + start, available, stated)
    return ArchiveMember(name, Kind(table.kinds[row]), span, table.link(row))
