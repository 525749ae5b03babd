"""The unusual entries of a tar: all but plain files, folders and links with small numbers and short names."""

from msgspec.structs import replace

from layerscope.model.entries import FileEntry, Kind, LayerEntries
from layerscope.sources.tar.extended import ExtendedHeaders
from layerscope.sources.tar.header import (
    DEVICE_MAJOR,
    DEVICE_MINOR,
    DUMP_DIRECTORY,
    GID,
    KINDS,
    MODE,
    MTIME,
    OLD_GNU_SPARSE,
    SIZE,
    TYPE_FLAG,
    UID,
    checked_size,
    clamped_time,
    padded,
)
from layerscope.sources.tar.names import LONGEST_PATH, Allowance, Names, normalized
from layerscope.sources.tar.pax import MTIME_KEY, NO_VALUES, Records, numeric
from layerscope.sources.tar.sparse import SparseFiles, TarContent

_ENTRY_MEMORY = 200
"""Bytes that a device or an entry with extended attributes takes beside its row."""

_UNSIGNED = 0xFFFFFFFF
"""Owners and device numbers have 32 bits in Linux. A header can state any number; this one belongs to nothing."""


class UnusualEntries:
    """The slow, complete way to read a header; its entries go to the same columns as those of the walk."""

    def __init__(
        self, entries: LayerEntries, names: Names, extended: ExtendedHeaders, sparse: SparseFiles, allowance: Allowance
    ) -> None:
        self._entries = entries
        self._names = names
        self._extended = extended
        self._sparse = sparse
        self._allowance = allowance

    def take(self, header: bytes, offset: int) -> int:
        """Take in an entry whose content starts at ``offset``, and return the offset of the next header."""
        name, link, records = self._extended.next(header)
        flag = header[TYPE_FLAG]
        kind = Kind.DIR if flag == b"\0" and name.endswith(b"/") else KINDS.get(flag, Kind.FILE)
        stored, content = 0, TarContent(0, offset, None)
        if kind is Kind.FILE or flag == DUMP_DIRECTORY:
            stored = checked_size(numeric(records.values, b"size", header[SIZE], offset), offset)
        if kind is Kind.FILE:
            content = self._sparse.content(header, records.values, stored, offset)
        path = self._names.path_of(name)
        if path is not None and len(link) > LONGEST_PATH:
            self._names.leave_out(name, f"the target of its link is longer than {LONGEST_PATH:,} bytes")
            path = None
        if path is not None:
            entry = replace(_metadata(header, records, kind, offset), path=path, size=content.size)
            self._add(entry, link, content)
        # the blocks of an old GNU map come before the stored bytes, a version 1.0 map is counted among them
        return (content.data_offset if flag == OLD_GNU_SPARSE else offset) + padded(stored)

    def _add(self, entry: FileEntry, link: bytes, content: TarContent) -> None:
        self._allowance.add_memory(len(entry.path) + len(link) + _ENTRY_MEMORY)
        row = self._entries.table.append(entry, content.data_offset)
        self._entries.paths.append(entry.path)
        self.add_link(row, entry.kind, link)
        if content.sparse is not None:
            self._entries.table.sparse[row] = content.sparse

    def add_link(self, row: int, kind: Kind, target: bytes) -> None:
        """Add a link's target to the table. A symlink keeps it as it is, a hard link as a path of the image."""
        if kind is Kind.HARDLINK:
            self._entries.table.add_link(row, normalized(target) or b"")
        elif kind is Kind.SYMLINK:
            self._entries.table.add_link(row, target)


def _metadata(header: bytes, records: Records, kind: Kind, offset: int) -> FileEntry:
    """Return the facts that a header and its records state, except path, size and link."""
    mode = numeric(NO_VALUES, b"mode", header[MODE], offset)
    uid = numeric(records.values, b"uid", header[UID], offset)
    gid = numeric(records.values, b"gid", header[GID], offset)
    mtime = clamped_time(numeric(records.values, MTIME_KEY, header[MTIME], offset))
    device = None
    if kind in (Kind.CHAR, Kind.BLOCK):
        major = numeric(NO_VALUES, b"device", header[DEVICE_MAJOR], offset)
        minor = numeric(NO_VALUES, b"device", header[DEVICE_MINOR], offset)
        device = (_unsigned(major), _unsigned(minor))
    permissions = mode & 0o7777, _unsigned(uid), _unsigned(gid)
    return FileEntry(b"", kind, 0, *permissions, mtime, xattrs=records.xattrs.xattrs, device=device)


def _unsigned(number: int) -> int:
    """Return an owner or a device number as Linux stores it. One that it cannot store must not become another's."""
    return number & _UNSIGNED if -_UNSIGNED // 2 <= number <= _UNSIGNED else _UNSIGNED
