"""The tables of contents of zstd:chunked and eStargz layers: the entries as the walk over the tar would list them.

https://github.com/containerd/stargz-snapshotter/blob/main/docs/estargz.md; those of zstd:chunked have the same form.
A table has no offsets in the tar. Its files are laid end to end instead, in the order of the table: an offset in that
row of files stands where the columns have one in the tar.
"""

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta, Raw, Struct

from layerscope.errors import InvalidLayer
from layerscope.model.entries import FileEntry, Kind, LayerEntries
from layerscope.sources.tar.header import LARGEST_SIZE
from layerscope.sources.tar.names import LONGEST_PATH, Allowance, Names, normalized

_MOST_ENTRIES = 2_000_000
_XATTR_MEMORY = 200
_UNSIGNED = 0xFFFFFFFF
_CHECKED_ROWS = 4096
_CHUNK = "chunk"
_KINDS = {
    "reg": Kind.FILE,
    "dir": Kind.DIR,
    "symlink": Kind.SYMLINK,
    "hardlink": Kind.HARDLINK,
    "char": Kind.CHAR,
    "block": Kind.BLOCK,
    "fifo": Kind.FIFO,
}
_LANDMARKS = frozenset({".prefetch.landmark", ".no.prefetch.landmark"})
"""Files that eStargz adds to a layer for the program that mounts it."""

_LOST = (b"\\ufffd", "\ufffd".encode())
"""The character that builders write in place of bytes that are not UTF-8."""

_FRACTION = re.compile(r"\.\d+")

_Size = Annotated[int, Meta(ge=0, le=LARGEST_SIZE)]
_Number = Annotated[int, Meta(ge=-LARGEST_SIZE, le=LARGEST_SIZE)]


class _Table(Struct):
    version: int
    entries: list[Raw] | None
    """Decoded one by one: together they would take several times the memory of the table."""


class _Entry(Struct, rename="camel"):
    type: str
    name: str
    link_name: str = ""
    size: _Size = 0
    mode: _Number = 0
    uid: _Number = 0
    gid: _Number = 0
    modtime: str = ""
    dev_major: _Number = 0
    dev_minor: _Number = 0
    xattrs: dict[str, bytes] | None = None
    digest: str = ""
    offset: _Size = 0
    end_offset: _Size = 0
    inner_offset: _Size = 0
    chunk_offset: _Size = 0
    chunk_size: _Size = 0
    chunk_digest: str = ""


_decoder = msgspec.json.Decoder(_Entry)


def _entries(table: bytes) -> Iterator[_Entry]:
    """Yield the entries of a table; raises InvalidLayer where it is not one, or one that lost names."""
    if table.count(b"{") > _MOST_ENTRIES:
        raise InvalidLayer("its table of contents has too many entries")
    if any(lost in table for lost in _LOST):
        raise InvalidLayer("its table of contents has lost bytes of a name")
    try:
        decoded = msgspec.json.decode(table, type=_Table)
        if decoded.version != 1:
            raise InvalidLayer("its table of contents is of an unknown version")
        for raw in decoded.entries or ():
            yield _decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise InvalidLayer("its table of contents is broken") from error


def list_table(table: bytes, stored: int) -> LayerEntries:
    """Return the entries of a layer of so many stored bytes; raises InvalidLayer where its table cannot be taken."""
    listing, start = _Listing(stored), 0
    for entry in _entries(table):
        if entry.type == _CHUNK:
            continue
        kind = _KINDS.get(entry.type)
        if kind is None or "\0" in entry.name or "\0" in entry.link_name:
            raise InvalidLayer("its table of contents has an entry that no tar can have")
        size = entry.size if kind is Kind.FILE else 0
        if entry.name not in _LANDMARKS:
            listing.add(entry, kind, size, start)
        start += size
        if start > LARGEST_SIZE:
            raise InvalidLayer("its table of contents claims impossible sizes")
    listing.names.finish()
    return listing.entries


class _Listing:
    """The entries of a layer, with what they may still use."""

    def __init__(self, stored: int) -> None:
        self.entries = LayerEntries()
        self._allowance = Allowance(stored)
        self.names = Names(self.entries, self._allowance)
        self._times: dict[str, int] = {}

    def add(self, entry: _Entry, kind: Kind, size: int, start: int) -> None:
        """Add an entry, if its name is one; ``start`` is its place in the row of files."""
        path, link = self.names.path_of(entry.name.encode()), entry.link_name.encode()
        if path is not None and len(link) > LONGEST_PATH:
            self.names.leave_out(path, f"the target of its link is longer than {LONGEST_PATH:,} bytes")
            path = None
        if path is None:
            return
        xattrs = tuple(sorted((name.encode(), value) for name, value in (entry.xattrs or {}).items()))
        if link or xattrs:
            memory = sum(len(name) + len(value) + _XATTR_MEMORY for name, value in xattrs)
            self._allowance.add_memory(len(link) + memory)
        permissions = entry.mode & 0o7777, entry.uid & _UNSIGNED, entry.gid & _UNSIGNED
        is_device = kind in (Kind.CHAR, Kind.BLOCK)
        device = (entry.dev_major & _UNSIGNED, entry.dev_minor & _UNSIGNED) if is_device else None
        mtime = self._time(entry.modtime)
        table = self.entries.table
        table.append(FileEntry(path, kind, size, *permissions, mtime, _target(kind, link), xattrs, device), start)
        self.entries.paths.append(path)
        if len(table) % _CHECKED_ROWS == 0:
            self._allowance.check_rows(len(table), len(table.permission_sets))

    def _time(self, text: str) -> int:
        if text not in self._times:
            self._times[text] = _seconds(text)
        return self._times[text]


def _target(kind: Kind, link: bytes) -> bytes | None:
    if kind is Kind.HARDLINK:
        return normalized(link) or b""
    return link if kind is Kind.SYMLINK else None


def _seconds(time: str) -> int:
    """Return a time without its fraction, as a tar's is listed; a table leaves out the start of 1970."""
    if not time:
        return 0
    try:
        moment = datetime.fromisoformat(_FRACTION.sub("", time))
        return int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp())
    except (ValueError, OverflowError) as error:
        raise InvalidLayer("its table of contents has a broken time") from error


class Chunk(NamedTuple):
    """A piece of a file: its place in the row of files, and ``stored`` bytes of the blob that decompress to it.

    The piece begins ``inner`` bytes behind the start of what they decompress to.
    """

    start: int
    size: int
    offset: int
    stored: int
    inner: int
    digest: str


def chunks_at(table: bytes, place: int, end: int) -> list[Chunk]:
    """Return the pieces of the file at a place in the row of files, in order; none if they do not make up the file.

    The compressed data of a piece ends where other data begins, at the ``end`` of the blob at the latest. Raises
    InvalidLayer as `list_table` does.
    """
    start, found, is_open = 0, list[_Entry](), False
    marks = array("q", [end])
    for entry in _entries(table):
        marks.append(entry.offset)
        marks.append(entry.end_offset)
        if entry.type == "reg":
            is_open = not found and start <= place < start + entry.size
            if is_open:
                found.append(entry)
            elif not found:
                start += entry.size
        elif is_open and entry.type == _CHUNK and entry.name == found[0].name:
            found.append(entry)
    ends = sorted(set(marks))
    chunks = sorted(_chunk(entry, found[0], start, ends, len(found)) for entry in found)
    edges = [start, *(chunk.start + chunk.size for chunk in chunks)]
    is_whole = bool(chunks) and edges == [*(chunk.start for chunk in chunks), start + found[0].size]
    return chunks if is_whole else []


def _chunk(entry: _Entry, file: _Entry, start: int, ends: list[int], count: int) -> Chunk:
    following = bisect_right(ends, entry.offset)
    stored = ends[following] - entry.offset if following < len(ends) else 0
    size = min(entry.chunk_size or file.size, file.size - min(entry.chunk_offset, file.size))
    digest = entry.chunk_digest or (file.digest if count == 1 else "")
    return Chunk(start + entry.chunk_offset, size, entry.offset, stored, entry.inner_offset, digest)
