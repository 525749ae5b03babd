"""Builders of tar headers that no library would write, and listings of them as layers."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from layerscope.model.entries import EntryTable, FileEntry, LayerEntries, OpaqueWhiteout, SparseMap, Whiteout
from layerscope.model.image import FileSpan, Layer
from layerscope.sources.layer.reader import read_layer
from layerscope.sources.stream.compression import detect_span

BLOCK = 512
END = bytes(2 * BLOCK)
JUNK = b"bytes around the layer"

ListTar = Callable[[bytes], LayerEntries]
"""The type of the ``listed`` fixture."""


def header(
    name: bytes,
    size: int | bytes = 0,
    flag: bytes = b"0",
    *,
    mode: bytes = b"0000644\0",
    uid: bytes = b"0000000\0",
    gid: bytes = b"0000000\0",
    mtime: bytes = b"00000000000\0",
    link: bytes = b"",
    magic: bytes = b"ustar\x0000",
    devices: bytes = bytes(16),
    rest: bytes = b"",
) -> bytes:
    """Return a header block; ``rest`` starts at its prefix, and a number of bytes for the size is its field."""
    size_field = size if isinstance(size, bytes) else b"%011o\0" % size
    front = name.ljust(100, b"\0") + mode + uid + gid + size_field + mtime
    back = flag + link.ljust(100, b"\0") + magic + bytes(64) + devices + rest
    return with_checksum((front + bytes(8) + back).ljust(BLOCK, b"\0"))


def with_checksum(block: bytes, *, signed: bool = False) -> bytes:
    """Return the header with its right checksum, of signed bytes where asked, as some old writers counted it."""
    spaced = block[:148] + b" " * 8 + block[156:]
    total = sum(byte - 256 if signed and byte > 127 else byte for byte in spaced)
    return block[:148] + b"%06o\0 " % total + block[156:]


def padded(content: bytes) -> bytes:
    """Return the content, filled up to whole blocks."""
    return content + bytes(-len(content) % BLOCK)


def entry(name: bytes, content: bytes = b"", flag: bytes = b"0", **fields: bytes) -> bytes:
    """Return a header with its content."""
    return header(name, len(content), flag, **fields) + padded(content)


def pax(*records: tuple[bytes, bytes], flag: bytes = b"x") -> bytes:
    """Return an extended header."""
    return entry(b"pax_header", b"".join(record(*each) for each in records), flag)


def record(key: bytes, value: bytes) -> bytes:
    """Return a PAX record with its length."""
    length = len(key) + len(value) + 3
    while len(b"%d" % length) + len(key) + len(value) + 3 != length:
        length += 1
    return b"%d %b=%b\n" % (length, key, value)


def list_tar(path: Path, blob: bytes) -> LayerEntries:
    """Return the listing of a blob that is written into the middle of the file at the path."""
    path.write_bytes(JUNK + blob + JUNK)
    span = FileSpan(str(path), len(JUNK), len(blob), len(blob))
    entries = LayerEntries()
    for consumed in read_layer(Layer(1, span, detect_span(span)), entries):
        assert 0 <= consumed <= len(blob)
    assert_sound(entries)
    return entries


def assert_sound(entries: LayerEntries) -> None:
    """Assert what holds for the listing of any bytes."""
    table, count = entries.table, len(entries.table)
    columns = (table.kinds, table.sizes, table.permissions, table.mtimes, table.data_offsets)
    assert [len(column) for column in columns] == [count] * len(columns)
    assert len(table.link_rows) == len(table.link_ends)
    assert all(size >= 0 for size in table.sizes)
    hidden = [marker.path for marker in entries.whiteouts] + [marker.directory for marker in entries.opaque_whiteouts]
    for path in [*entries.paths, *hidden]:
        assert not path or not set(path.split(b"/")) & {b"", b".", b".."}
        assert b"\0" not in path
    assert entries.error is None or entries.error.strip()


@dataclass(frozen=True)
class Listing:
    """A listing as values that can be compared."""

    entries: list[FileEntry]
    data_offsets: list[int]
    sparse: dict[int, SparseMap]
    whiteouts: list[Whiteout]
    opaque_whiteouts: list[OpaqueWhiteout]
    warnings: list[str]
    error: str | None


def listing(entries: LayerEntries) -> Listing:
    """Return a listing as values."""
    table: EntryTable = entries.table
    return Listing(
        list(entries),
        list(table.data_offsets),
        table.sparse,
        entries.whiteouts,
        entries.opaque_whiteouts,
        entries.warnings,
        entries.error,
    )
