"""Writes tars in every dialect: v7, ustar, GNU and PAX, with sparse files, long names and odd numbers.

Unlike tarfile it also writes what no sane program would: any field can be overridden by raw bytes. `tests.builders`
has functions for the usual entries, and for images::

    tar = entry(b"a", b"content") + pax((b"size", b"900")) + header(b"b", 0, mtime=b"8" * 12) + END
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

BLOCK = 512
END = bytes(2 * BLOCK)

FIELDS = {
    "name": slice(0, 100),
    "mode": slice(100, 108),
    "uid": slice(108, 116),
    "gid": slice(116, 124),
    "size": slice(124, 136),
    "mtime": slice(136, 148),
    "checksum": slice(148, 156),
    "flag": slice(156, 157),
    "link": slice(157, 257),
    "magic": slice(257, 265),
    "device_major": slice(329, 337),
    "device_minor": slice(337, 345),
    "prefix": slice(345, 500),
}
"""The fields of a header (POSIX.1-1988)."""

_MORE_FIELDS = FIELDS | {"devices": slice(329, 345), "rest": slice(345, 512)}
"""Neighbouring fields as one; the rest is where old GNU has its sparse map and star its marks."""

FILE, HARD_LINK, SYMLINK, CHAR, BLOCK_DEVICE, DIRECTORY, FIFO = b"0", b"1", b"2", b"3", b"4", b"5", b"6"
"""Type flags."""


class Dialect(StrEnum):
    """A family of tar headers."""

    V7 = "v7"
    USTAR = "ustar"
    GNU = "gnu"
    PAX = "pax"


class SparseStyle(StrEnum):
    """A way to store the map of a sparse file."""

    OLD_GNU = "old GNU"
    PAX_0_0 = "PAX 0.0"
    PAX_0_1 = "PAX 0.1"
    PAX_1_0 = "PAX 1.0"


@dataclass(frozen=True)
class Sparse:
    """The map of a sparse file: its size, and the offset and length of each piece of data."""

    style: SparseStyle
    size: int
    pieces: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class TarEntry:
    """An entry of a tar; ``content`` holds the stored bytes, which of a sparse file are the pieces of data."""

    name: bytes
    flag: bytes = b"0"
    content: bytes = b""
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    mtime: int = 0
    link: bytes = b""
    device: tuple[int, int] = (0, 0)
    records: Mapping[bytes, bytes] = field(default_factory=dict)
    """Records of the PAX header before the entry."""
    dialect: Dialect = Dialect.PAX
    sparse: Sparse | None = None
    raw: Mapping[str, bytes] = field(default_factory=dict)
    """Raw bytes for some header fields, by the names in `FIELDS`, or for all ``devices`` or the ``rest``."""


def encode(entry: TarEntry) -> bytes:
    """Return the blocks of an entry, with the extended headers that it needs."""
    records = dict(entry.records)
    repeated: list[tuple[bytes, bytes]] = []
    front = b""
    header = bytearray(BLOCK)
    header[FIELDS["magic"]] = {Dialect.V7: bytes(8), Dialect.GNU: b"ustar  \0"}.get(entry.dialect, b"ustar\x0000")
    name, prefix = _split(entry.name) if entry.dialect is Dialect.USTAR else (entry.name, b"")
    if _needs_record(name, entry.dialect):
        front += _long_text(b"L", name, entry.dialect, records, b"path")
    if _needs_record(entry.link, entry.dialect):
        front += _long_text(b"K", entry.link, entry.dialect, records, b"linkpath")
    stored, flag = entry.content, entry.flag
    if entry.sparse is not None:
        stored, flag = _add_sparse(entry.sparse, stored, header, records, repeated)
    header[FIELDS["name"]] = name[:100].ljust(100, b"\0")
    header[FIELDS["prefix"]] = (prefix or bytes(header[FIELDS["prefix"]])).ljust(155, b"\0")
    header[FIELDS["link"]] = entry.link[:100].ljust(100, b"\0")
    header[FIELDS["flag"]] = flag
    numbers = {"mode": entry.mode, "uid": entry.uid, "gid": entry.gid, "size": len(stored), "mtime": entry.mtime}
    for key, value in numbers.items():
        header[FIELDS[key]] = _number(key, value, entry.dialect, records)
    devices = zip(("device_major", "device_minor"), entry.device, strict=True) if flag in (CHAR, BLOCK_DEVICE) else ()
    for key, value in devices:
        header[FIELDS[key]] = _number(key, value, entry.dialect, records)
    extension = b""
    if entry.sparse is not None and entry.sparse.style is SparseStyle.OLD_GNU:
        # the map of old GNU lies where ustar has its prefix, and continues in blocks between header and data
        extension = _old_gnu_map(entry.sparse, header)
        # only the stored bytes count, and they come after the map
        header[FIELDS["size"]] = _number("size", len(stored), Dialect.GNU, records)
    for key, raw in entry.raw.items():
        span = _MORE_FIELDS[key]
        header[span] = raw[: span.stop - span.start].ljust(span.stop - span.start, b"\0")
    if records or repeated:
        front += pax(*records.items(), *repeated)
    block = bytes(header) if "checksum" in entry.raw else with_checksum(bytes(header))
    return front + block + extension + padded(stored)


def entry(name: bytes, content: bytes = b"", flag: bytes = FILE, **raw: bytes) -> bytes:
    """Return the blocks of an entry with raw fields."""
    return encode(TarEntry(name, flag, content, dialect=Dialect.USTAR, raw=raw))


def header(name: bytes, size: int | bytes = 0, flag: bytes = FILE, **raw: bytes) -> bytes:
    """Return a header without the content that it states; bytes for the size are its field."""
    return entry(name, b"", flag, size=size if isinstance(size, bytes) else b"%011o\0" % size, **raw)


def padded(content: bytes) -> bytes:
    """Return the content with zeros up to the end of its last block."""
    return content + bytes(-len(content) % BLOCK)


def with_checksum(block: bytes, *, signed: bool = False) -> bytes:
    """Return the header with its right checksum, of signed bytes if asked, as some old writers counted it."""
    spaced = block[:148] + b" " * 8 + block[156:]
    total = sum(byte - 256 if signed and byte > 127 else byte for byte in spaced)
    return block[:148] + b"%06o\0 " % total + block[156:]


def pax(*records: tuple[bytes, bytes], flag: bytes = b"x") -> bytes:
    """Return an extended header; with the flag g, a global one."""
    return raw_pax(b"".join(record(key, value) for key, value in records), flag)


def raw_pax(body: bytes, flag: bytes = b"x") -> bytes:
    """Return an extended header with any bytes as its body."""
    return encode(TarEntry(b"././@PaxHeader", flag, body, mode=0, dialect=Dialect.USTAR))


def record(key: bytes, value: bytes) -> bytes:
    """Return a PAX record with its length in front."""
    rest = len(key) + len(value) + 3
    length = rest + len(str(rest))
    length = rest + len(str(length))
    return b"%d %b=%b\n" % (length, key, value)


def _needs_record(text: bytes, dialect: Dialect) -> bool:
    return len(text) > 100 or (dialect is Dialect.PAX and not text.isascii())


def _split(name: bytes) -> tuple[bytes, bytes]:
    """Return a name and its prefix; the name stays too long if no slash divides it well."""
    if len(name) > 100:
        cut = name.rfind(b"/", 0, 156)
        if cut > 0 and 0 < len(name) - cut - 1 <= 100:
            return name[cut + 1 :], name[:cut]
    return name, b""


def _long_text(flag: bytes, text: bytes, dialect: Dialect, records: dict[bytes, bytes], key: bytes) -> bytes:
    """Return the GNU entry for a long name or link, or add a PAX record for it."""
    if dialect in (Dialect.GNU, Dialect.V7):
        return encode(TarEntry(b"././@LongLink", flag, text + b"\0", dialect=Dialect.GNU))
    records[key] = text
    return b""


def _number(key: str, value: int, dialect: Dialect, records: dict[bytes, bytes]) -> bytes:
    """Return a number as octal digits; if it does not fit, add a PAX record, or return it in base-256."""
    span = FIELDS[key]
    width = span.stop - span.start
    if 0 <= value < 8 ** (width - 1):
        return b"%0*o\0" % (width - 1, value)
    if dialect is Dialect.PAX and key in ("uid", "gid", "size", "mtime"):
        records[key.encode()] = b"%d" % value
        return b"0" * (width - 1) + b"\0"
    return _base_256(value, width)


def _base_256(value: int, width: int) -> bytes:
    bits = 8 * width - 1
    return (
        ((value % (1 << bits)) | (1 << bits)).to_bytes(width, "big")
        if value >= 0
        else (value % (1 << (bits + 1))).to_bytes(width, "big")
    )


def _add_sparse(
    sparse: Sparse,
    stored: bytes,
    header: bytearray,
    records: dict[bytes, bytes],
    repeated: list[tuple[bytes, bytes]],
) -> tuple[bytes, bytes]:
    """Add the records of a sparse map, and return the stored bytes and the type flag."""
    if sparse.style is SparseStyle.OLD_GNU:
        header[FIELDS["magic"]] = b"ustar  \0"
        return stored, b"S"
    if sparse.style is SparseStyle.PAX_1_0:
        records |= {b"GNU.sparse.major": b"1", b"GNU.sparse.minor": b"0", b"GNU.sparse.realsize": b"%d" % sparse.size}
        lines = [len(sparse.pieces), *(number for piece in sparse.pieces for number in piece)]
        return padded(b"".join(b"%d\n" % line for line in lines)) + stored, b"0"
    records |= {b"GNU.sparse.size": b"%d" % sparse.size, b"GNU.sparse.numblocks": b"%d" % len(sparse.pieces)}
    if sparse.style is SparseStyle.PAX_0_1:
        records[b"GNU.sparse.map"] = b",".join(b"%d,%d" % piece for piece in sparse.pieces)
    else:
        for offset, length in sparse.pieces:
            repeated += [(b"GNU.sparse.offset", b"%d" % offset), (b"GNU.sparse.numbytes", b"%d" % length)]
    return stored, b"0"


def _old_gnu_map(sparse: Sparse, header: bytearray) -> bytes:
    """Write the first four pieces and the size into the header, and return the blocks with the others."""
    pieces = [_gnu_number(offset) + _gnu_number(length) for offset, length in sparse.pieces]
    header[345:500] = bytes(155)
    header[386:482] = b"".join(pieces[:4]).ljust(96, b"\0")
    header[482] = len(pieces) > 4
    header[483:495] = _gnu_number(sparse.size)
    blocks = b""
    for start in range(4, len(pieces), 21):
        more = start + 21 < len(pieces)
        blocks += b"".join(pieces[start : start + 21]).ljust(504, b"\0") + bytes([more]) + bytes(7)
    return blocks


def _gnu_number(value: int) -> bytes:
    return b"%011o\0" % value if value < 8**11 else _base_256(value, 12)
