"""Headers that the walk does not take itself: PAX and GNU headers in front of an entry, and entries of rare kinds."""

from msgspec import Struct
from msgspec.structs import replace

from layerscope.errors import InvalidLayer
from layerscope.model.entries import FileEntry, Kind, LayerEntries
from layerscope.sources.tar.blocks import TarBlocks
from layerscope.sources.tar.header import (
    DEVICE_MAJOR,
    DEVICE_MINOR,
    DUMP_DIRECTORY,
    GID,
    KINDS,
    LARGEST_SIZE,
    LINK,
    MODE,
    MTIME,
    NAME,
    OLD_GNU_SPARSE,
    PREFIX,
    SIZE,
    TYPE_FLAG,
    UID,
    checked_size,
    clamped_time,
    padded,
    text,
    with_prefix,
)
from layerscope.sources.tar.names import LONGEST_PATH, Allowance, Names, normalized
from layerscope.sources.tar.pax import (
    LINK_PATH,
    MTIME_KEY,
    NO_RECORDS,
    NO_VALUES,
    PATH,
    SPARSE_NAME,
    Records,
    decimal,
    numeric,
    parse_records,
)
from layerscope.sources.tar.sparse import SparseFiles, TarContent

_LONGEST_BODY = 16 * 1024 * 1024
"""No honest PAX header or long name is larger."""

_PAX = frozenset({b"x", b"X"})
_GLOBAL_PAX = b"g"
_LONG_NAME = b"L"
_LONG_LINK = b"K"
_READ = _PAX | {_GLOBAL_PAX, _LONG_NAME, _LONG_LINK}
EXTENDED_FLAGS = _READ | {b"V", b"M", b"N"}
"""Type flags of headers that are no entry; labels and pieces of other volumes (V, M, N) are skipped."""

_SMALLEST_REMEMBERED, _LARGEST_REMEMBERED = 512, 1024 * 1024
_MOST_REMEMBERED = 16
"""Bodies of PAX headers whose records are parsed once, however often they are repeated. Small ones cost little."""


class _Pending(Struct):
    """The statements about the next entry."""

    records: Records = NO_RECORDS
    long_name: bytes | None = None
    long_link: bytes | None = None


class ExtendedHeaders:
    """The extended headers of one tar, as they come up to the next entry.

    ``waiting`` is true while something is stated about the next entry.
    """

    def __init__(self, entries: LayerEntries, blocks: TarBlocks, allowance: Allowance) -> None:
        self._entries = entries
        self._blocks = blocks
        self._allowance = allowance
        self._has_globals = False
        self._pending: _Pending | None = None
        self._remembered: dict[bytes, Records] = {}
        self.waiting = False

    def take(self, flag: bytes, field: bytes, offset: int, chunk: bytes, at: int) -> int:
        """Take in an extended header with this size field, and return the offset of the next header.

        Its body starts at ``offset``, which is ``at`` in the chunk that has been read.
        """
        self._allowance.add_header()
        # nearly all headers state their size like this; some archives have a header in front of each entry
        try:
            size = int(field[:11], 8) if field[11] == 0 else -1
        except ValueError:
            size = -1
        if size < 0:
            size = checked_size(numeric(NO_VALUES, b"size", field, offset), offset)
        if flag in _READ:
            body = chunk[at : at + size] if at + size <= len(chunk) else self._body(size, offset)
            if flag in _PAX and self._pending is None:
                self._pending = _Pending(self._records(body, offset))
                self.waiting = True
            else:
                self._extend(flag, body, offset)
        return offset + padded(size)

    def _body(self, size: int, offset: int) -> bytes:
        if size > _LONGEST_BODY:
            raise InvalidLayer(f"an extended header claims {size:,} bytes", offset)
        body = self._blocks.read(offset, size)
        if len(body) < size:
            raise InvalidLayer("the tar ends inside an extended header", offset)
        return body

    def _extend(self, flag: bytes, body: bytes, offset: int) -> None:
        if flag == _GLOBAL_PAX:
            # engines parse a global header too, and refuse the layer if it is broken
            self._records(body, offset)
            if not self._has_globals:
                self._has_globals = True
                self._entries.warnings.append("has PAX global headers, which change no entry: engines ignore them")
            return
        pending = self._pending = self._pending or _Pending()
        self.waiting = True
        if flag == _LONG_NAME:
            pending.long_name = text(body)
        elif flag == _LONG_LINK:
            pending.long_link = text(body)
        else:
            # of several PAX headers, the last one counts, as in Go's archive/tar
            pending.records = self._records(body, offset)

    def _records(self, body: bytes, offset: int) -> Records:
        """Return the records of a body, which are parsed once where headers repeat it."""
        if not _SMALLEST_REMEMBERED <= len(body) <= _LARGEST_REMEMBERED:
            return parse_records(body, offset, self._allowance)
        records = self._remembered.get(body)
        if records is None:
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            records = self._remembered[body] = parse_records(body, offset, self._allowance)
        return records

    def next_plain(self, name: bytes, link: bytes, mtime: int, offset: int) -> tuple[bytes, bytes, int] | None:
        """Return name, link and mtime of the next entry, or None where more than these, or an odd one, is stated."""
        pending = self._pending
        if pending is None or not pending.records.is_ordinary:
            return None
        values = pending.records.values
        if mtime_text := values.get(MTIME_KEY):
            mtime = decimal(mtime_text, MTIME_KEY, offset)
            if not -LARGEST_SIZE <= mtime <= LARGEST_SIZE:
                mtime = clamped_time(mtime)
        name = values.get(PATH) or (name if pending.long_name is None else pending.long_name)
        link = values.get(LINK_PATH) or (link if pending.long_link is None else pending.long_link)
        length = len(name) + len(link)
        if length > LONGEST_PATH or b"\0" in name or b"\0" in link:
            return None
        self._allowance.add_memory(length)
        self._pending, self.waiting = None, False
        return name, link, mtime

    def next(self, header: bytes) -> tuple[bytes, bytes, Records]:
        """Return name, link and records of the next entry, whose header this is.

        Of several statements, a record wins over a GNU long name, and that over the header.
        """
        pending, self._pending = self._pending or _Pending(), None
        self.waiting = False
        records = pending.records.without_blanks()
        name = pending.long_name
        if name is None:
            name = text(header[NAME])
            if header[PREFIX.start]:
                name = with_prefix(header, name)
        name = records.values.get(SPARSE_NAME) or records.values.get(PATH) or name
        link = text(header[LINK]) if pending.long_link is None else pending.long_link
        return text(name), text(records.values.get(LINK_PATH, link)), records

    def check_end(self, offset: int) -> None:
        """Raise InvalidLayer where the entry that headers state something about is missing."""
        if self._pending is not None:
            raise InvalidLayer("it ends behind an extended header", offset)


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
