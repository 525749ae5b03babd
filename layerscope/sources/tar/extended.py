"""Extended headers: what PAX and GNU headers in front of an entry state about it, or about all that follow."""

from dataclasses import dataclass, field

from layerscope.errors import InvalidLayer
from layerscope.sources.tar.blocks import TarBlocks
from layerscope.sources.tar.header import (
    LINK,
    NAME,
    PREFIX,
    SIZE,
    checked_size,
    clamped_time,
    padded,
    text,
    with_prefix,
)
from layerscope.sources.tar.names import LONGEST_PATH
from layerscope.sources.tar.pax import NO_RECORDS, Records, decimal, numeric, parse_records

_LONGEST_BODY = 16 * 1024 * 1024
"""No honest PAX header or long name is larger."""

_PAX = frozenset({b"x", b"X"})
_GLOBAL_PAX = b"g"
_LONG_NAME = b"L"
_LONG_LINK = b"K"
_READ = _PAX | {_GLOBAL_PAX, _LONG_NAME, _LONG_LINK}
EXTENDED_FLAGS = _READ | {b"V", b"M", b"N"}
"""Type flags of headers that are no entry; labels and pieces of other volumes (V, M, N) are skipped."""

_PLAIN_RECORDS = frozenset({b"path", b"linkpath", b"mtime", b"atime", b"ctime", b"comment", b"uname", b"gname"})


@dataclass(slots=True)
class _Extension:
    """The statements about the next entry; ``plain`` while they are an ordinary name, link and mtime."""

    records: Records = field(default_factory=dict)
    long_name: bytes | None = None
    long_link: bytes | None = None
    plain: bool = True


class ExtendedHeaders:
    """The extended headers of one tar: those for the next entry, and the global ones.

    ``waiting`` is true while something is stated about the next entry.
    """

    def __init__(self, blocks: TarBlocks) -> None:
        self._blocks = blocks
        self._globals: Records = {}
        self._pending = _Extension()
        self.waiting = False

    def take(self, flag: bytes, header: bytes, offset: int, following: bytes) -> int:
        """Take in an extended header, and return the offset of the next header.

        Its body starts at ``offset``, and ``following`` holds as much of it as has been read.
        """
        size = checked_size(numeric(NO_RECORDS, b"size", header[SIZE], offset), offset)
        if flag in _READ:
            self._extend(flag, self._body(size, offset, following), offset)
        return offset + padded(size)

    def _body(self, size: int, offset: int, following: bytes) -> bytes:
        if size > _LONGEST_BODY:
            raise InvalidLayer(f"an extended header claims {size:,} bytes", offset)
        if len(following) >= size:
            return following[:size]
        body = self._blocks.fetch(offset, size)[:size]
        if len(body) < size:
            raise InvalidLayer("the tar ends inside an extended header", offset)
        return body

    def _extend(self, flag: bytes, body: bytes, offset: int) -> None:
        pending = self._pending
        self.waiting = True
        pending.plain = pending.plain and len(body) <= LONGEST_PATH
        if flag == _LONG_NAME:
            pending.long_name = text(body)
        elif flag == _LONG_LINK:
            pending.long_link = text(body)
        elif flag == _GLOBAL_PAX:
            self._globals |= parse_records(body, offset)
        else:
            pending.records |= parse_records(body, offset)
            pending.plain = pending.plain and pending.records.keys() <= _PLAIN_RECORDS and b"\0" not in body

    def next_plain(self, name: bytes, link: bytes, mtime: int, offset: int) -> tuple[bytes, bytes, int] | None:
        """Return name, link and mtime of the next entry, or None where more than these is stated about it."""
        pending = self._pending
        if not pending.plain or self._globals:
            return None
        self._pending, self.waiting = _Extension(), False
        records = pending.records
        if mtime_text := records.get(b"mtime"):
            mtime = clamped_time(decimal(mtime_text, b"mtime", offset))
        name = records.get(b"path") or (name if pending.long_name is None else pending.long_name)
        link = records.get(b"linkpath") or (link if pending.long_link is None else pending.long_link)
        return name, link, mtime

    def next(self, header: bytes) -> tuple[bytes, bytes, Records]:
        """Return name, link and records of the next entry, whose header this is.

        Of several statements, a record wins over a GNU long name, and that over the header.
        """
        pending, self._pending = self._pending, _Extension()
        self.waiting = bool(self._globals)
        records = {key: value for key, value in (self._globals | pending.records).items() if value}
        name = pending.long_name
        if name is None:
            name = text(header[NAME])
            if header[PREFIX.start]:
                name = with_prefix(header, name)
        name = records.get(b"GNU.sparse.name") or records.get(b"path") or name
        link = text(header[LINK]) if pending.long_link is None else pending.long_link
        return text(name), text(records.get(b"linkpath", link)), records

    def check_end(self, offset: int) -> None:
        """Raise InvalidLayer where the entry that headers state something about is missing."""
        if self._pending != _Extension():
            raise InvalidLayer("it ends behind an extended header", offset)
