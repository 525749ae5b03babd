"""The entries of a tar down to their bytes, in one pass: what the walk over the headers leaves out as well."""

from collections.abc import Hashable, Iterable, Iterator, Mapping

from layerscope.errors import InvalidLayer
from layerscope.model.entries import Kind
from layerscope.model.raw_entry import ASPECTS, RawEntry, TarAspect
from layerscope.sources.tar.file_hash import file_hash
from layerscope.sources.tar.header import (
    BLOCK,
    DEVICE_MAJOR,
    DEVICE_MINOR,
    DUMP_DIRECTORY,
    GID,
    GNU_SPARSE_CONTINUES,
    GNU_SPARSE_MAP,
    GNU_SPARSE_REAL_SIZE,
    GROUP_NAME,
    KINDS,
    LINK,
    MAGIC,
    MODE,
    MTIME,
    NAME,
    OLD_GNU_SPARSE,
    PREFIX,
    SIZE,
    TYPE_FLAG,
    UID,
    USER_NAME,
    VERSION,
    ZERO_BLOCK,
    checked_size,
    number,
    padded,
    text,
    with_prefix,
)

_PAX_FLAGS = (b"x", b"X")
_LONG_TEXTS = {b"L": b"path", b"K": b"linkpath"}
_LONGEST_BODY = 16 * 1024 * 1024
_CONTINUES = 504
"""The byte of a block with more of an old GNU sparse map that says whether another follows."""

_GNU_MAGIC = b"ustar "
_GNU_TIMES = slice(345, 357), slice(357, 369)
_TO_ZEROS = bytes.maketrans(b"1234567", b"0000000")
_IN_BASE_256 = 0x80
_SPARSE = (b"GNU.sparse.",)
_GNU_SPARSE = slice(GNU_SPARSE_MAP.start, GNU_SPARSE_REAL_SIZE.stop)
_XATTRS = (b"SCHILY.xattr.", b"LIBARCHIVE.xattr.")
_IN_PLACE_OF_FIELDS = frozenset({b"path", b"linkpath", b"size", b"uid", b"gid"})
_OTHER_ASPECTS = frozenset({b"uname", b"gname", b"mtime", b"atime", b"ctime"})
_RECORD = 20 * BLOCK
"""Some programs fill the last record of a tar with zeros, so that their number depends on the entries."""


_Records = Mapping[bytes, bytes]


class _Bytes:
    """The bytes of a tar, read from start to end."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._chunk = b""
        self._at = 0
        self.offset = 0

    def pieces(self, size: int) -> Iterator[bytes]:
        """Yield the next ``size`` bytes, fewer only at the end."""
        while size > 0:
            if self._at == len(self._chunk):
                self._chunk, self._at = next(self._chunks, b""), 0
                if not self._chunk:
                    return
            piece = self._chunk[self._at : self._at + size]
            self._at += len(piece)
            self.offset += len(piece)
            size -= len(piece)
            yield piece

    def take(self, size: int) -> bytes:
        return b"".join(self.pieces(size))


def raw_entries(chunks: Iterable[bytes]) -> Iterator[RawEntry]:
    """Yield the entries of a tar, whiteouts and repeated names included, then the mark at its end.

    Nothing of a content is kept but its digest. Raises InvalidLayer where the tar is broken.
    """
    tar, front, records = _Bytes(chunks), bytearray(), dict[bytes, bytes]()
    while True:
        header = tar.take(BLOCK)
        if len(header) < BLOCK or header == ZERO_BLOCK:
            yield _end(tar, bytes(front) + header)
            return
        try:
            flag = header[TYPE_FLAG]
            if flag in _PAX_FLAGS or flag in _LONG_TEXTS:
                front += header + _take_records(tar, header, records)
                _check_size(len(front), tar)
                continue
            yield _entry(tar, header, bytes(front), records)
        except ValueError as error:
            raise InvalidLayer("a header is broken", tar.offset) from error
        front, records = bytearray(), {}


def _check_size(size: int, tar: _Bytes) -> None:
    if not 0 <= size <= _LONGEST_BODY:
        raise InvalidLayer(f"the extended headers of an entry claim {size:,} bytes", tar.offset)


def _take_records(tar: _Bytes, header: bytes, records: dict[bytes, bytes]) -> bytes:
    """Add what an extended header says of the next entry, and return its body."""
    size = number(header[SIZE])
    _check_size(size, tar)
    body, at = tar.take(padded(size)), 0
    if key := _LONG_TEXTS.get(header[TYPE_FLAG]):
        records[key] = text(body[:size])
        return body
    while at < size and body[at]:
        space = body.index(b" ", at)
        end = at + int(body[at:space])
        if end <= space:
            raise InvalidLayer("a PAX record is broken", tar.offset)
        name, _, value = body[space + 1 : end - 1].partition(b"=")
        records[name] = value
        at = end
    return body


def _entry(tar: _Bytes, header: bytes, front: bytes, records: _Records) -> RawEntry:
    flag, more = header[TYPE_FLAG], bytearray()
    continues = flag == OLD_GNU_SPARSE and header[GNU_SPARSE_CONTINUES]
    while continues and (block := tar.take(BLOCK)):
        more += block
        _check_size(len(more), tar)
        continues = len(block) == BLOCK and block[_CONTINUES]
    kind = KINDS.get(flag, Kind.FILE)
    size = 0
    if kind is Kind.FILE or flag == DUMP_DIRECTORY:
        size = checked_size(int(records[b"size"]) if b"size" in records else number(header[SIZE]), tar.offset)
    digest, end = file_hash(size), tar.offset + size
    for piece in tar.pieces(size):
        digest.update(piece)
    if tar.offset < end:
        raise InvalidLayer("it ends inside an entry", tar.offset)
    name = records.get(b"path") or with_prefix(header, text(header[NAME]))
    path = b"/".join(part for part in name.split(b"/") if part not in (b"", b"."))
    # holes are content
    holes = header[_GNU_SPARSE] if flag == OLD_GNU_SPARSE else b"", bytes(more), _starting(records, _SPARSE)
    values = _values(header, kind, records) | {TarAspect.CONTENT: (size, digest.digest(), holes)}
    everything = front, header, tar.take(padded(size) - size)
    return RawEntry(path, (*map(values.get, ASPECTS), everything))


def _values(header: bytes, kind: Kind, records: _Records) -> dict[TarAspect, Hashable]:
    mode, is_gnu = number(header[MODE]), header[MAGIC] == _GNU_MAGIC
    atime, ctime = (text(header[field]) if is_gnu else b"" for field in _GNU_TIMES)
    devices = header[DEVICE_MAJOR], header[DEVICE_MINOR]
    is_device = kind in (Kind.CHAR, Kind.BLOCK)
    others = (record for record in records.items() if not record[0].startswith((*_XATTRS, *_SPARSE)))
    return {
        TarAspect.KIND: kind,
        TarAspect.LINK: records.get(b"linkpath") or text(header[LINK]),
        TarAspect.MODE: mode & 0o7777,
        TarAspect.OWNER: (
            records.get(b"uid") or b"%d" % number(header[UID]),
            records.get(b"gid") or b"%d" % number(header[GID]),
        ),
        TarAspect.XATTRS: _starting(records, _XATTRS),
        TarAspect.DEVICE: devices if is_device else None,
        TarAspect.MTIME: (header[MTIME], records.get(b"mtime")),
        TarAspect.ATIME: (atime, records.get(b"atime")),
        TarAspect.CTIME: (ctime, records.get(b"ctime")),
        TarAspect.OWNER_NAMES: (
            records.get(b"uname") or text(header[USER_NAME]),
            records.get(b"gname") or text(header[GROUP_NAME]),
        ),
        TarAspect.PAX: tuple(
            sorted(record for record in others if record[0] not in _IN_PLACE_OF_FIELDS | _OTHER_ASPECTS)
        ),
        TarAspect.UNUSED_DEVICES: None if is_device else devices,
        TarAspect.FORMAT: (
            header[MAGIC],
            header[VERSION],
            flag if (flag := header[TYPE_FLAG]) != b"5" and kind is Kind.FILE else b"",
            header[NAME],
            b"" if is_gnu else header[PREFIX],
            mode & ~0o7777,
            *(_form(header[field]) for field in (MODE, UID, GID, SIZE, MTIME)),
            tuple(sorted(records.keys() & _IN_PLACE_OF_FIELDS)),
        ),
    }


def _starting(records: _Records, starts: tuple[bytes, ...]) -> tuple[tuple[bytes, bytes], ...]:
    return tuple(sorted(record for record in records.items() if record[0].startswith(starts)))


def _form(field: bytes) -> bytes:
    """Return what is the same for two numbers that are written in the same way."""
    return b"base-256" if field[0] & _IN_BASE_256 else field.translate(_TO_ZEROS)


def _end(tar: _Bytes, start: bytes) -> RawEntry:
    """Return what follows the entries: the size and the digest, and whether it is zeros that fill a record."""
    digest, before, has_text = file_hash(0), tar.offset - len(start), bool(start.strip(b"\0"))
    digest.update(start)
    while piece := tar.take(BLOCK * BLOCK):
        digest.update(piece)
        has_text |= bool(piece.strip(b"\0"))
    return RawEntry(None, (tar.offset - before, digest.digest(), not has_text and tar.offset % _RECORD == 0))
