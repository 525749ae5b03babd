"""The walk over the headers of a tar: one pass, no content read, columns out.

It reads ustar, GNU (long names, base-256 numbers, sparse files) and PAX (path, linkpath, size, owner, times, xattrs,
sparse files, global headers); see `tar_header` and `pax` for the sources. The ordinary entry takes a short way through
`_walk`; all that is rare goes through a method of `_Walk`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from struct import Struct
from zlib import adler32

from layerscope.errors import InvalidLayer, UnsupportedCompression
from layerscope.model.entries import EntryTable, FileEntry, Kind, LayerEntries, SparseMap
from layerscope.model.whiteout import PREFIX, Bookkeeping, OpaqueWhiteout, whiteout_of
from layerscope.sources.tar.blocks import TarBlocks
from layerscope.sources.tar.header import (
    BLOCK,
    KINDS,
    SPACES_SUM,
    ZERO_BLOCK,
    checked_sparse_map,
    checksum_holds,
    gnu_sparse,
    gnu_sparse_extension,
    number,
)
from layerscope.sources.tar.pax import Records, is_sparse_version_1, paired, parse_records, sparse_pieces, xattrs_of
from layerscope.text import plural, printable_name

_FIELDS = Struct("100s24s12s12s8sc188xB")
"""name, mode with uid and gid, size, mtime, checksum, type, and the first byte of the prefix"""

_LONGEST_EXTENSION = 16 * 1024 * 1024
"""A PAX header or a long name larger than this is no honest one."""

_LONGEST_PATH = 16 * 1024
"""An entry whose name or link target is longer is left out: Linux opens none beyond 4 KiB, and each folder costs."""

_LONGEST_SHOWN = 200
"""How much of a name a warning repeats."""

_LONGEST_SPARSE_MAP = 4 * 1024 * 1024
_WARNINGS_KEPT = 20
_FETCHES_A_YIELD = 63
"""The caller is asked after so many reads (a mask): a few milliseconds at most."""

_LARGEST = (1 << 63) - 1
_USTAR = b"ustar\0"
_NO_RECORDS: Records = {}
_EXTENSIONS = frozenset({b"x", b"X", b"g", b"L", b"K", b"V", b"M", b"N"})
_SPEAKING = frozenset({b"x", b"X", b"g", b"L", b"K"})
_PLAIN_RECORDS = frozenset({b"path", b"linkpath", b"mtime", b"atime", b"ctime", b"comment", b"uname", b"gname"})
_DUMP_DIR = b"D"
"""GNU's incremental directory: beside files the only entry with content; all others have none, whatever they state."""

_ORDINARY = {b"0": Kind.FILE, b"5": Kind.DIR, b"1": Kind.HARDLINK, b"2": Kind.SYMLINK}
"""What the short way through the walk takes in."""

_FIELD_ENDS = b"\0 "
_ODD_START = frozenset({b"", b"."})
"""How the last part of a path starts that may not be normalized, or may be a whiteout."""


@dataclass(slots=True)
class _Extension:
    """What the headers in front of an entry say of it; ``plain`` while that is an ordinary name, link and mtime."""

    records: Records = field(default_factory=dict)
    long_name: bytes | None = None
    long_link: bytes | None = None
    plain: bool = True


def normalized(name: bytes) -> bytes | None:
    """Return a name as a relative path of the image (``./etc//passwd/`` is ``etc/passwd``); None if it has ``..``."""
    parts = [part for part in name.split(b"/") if part not in (b"", b".")]
    return None if b".." in parts else b"/".join(parts)


class _Walk:
    """One walk: where the entries go, and what waits for the next of them."""

    def __init__(self, blocks: TarBlocks, entries: LayerEntries) -> None:
        self._blocks = blocks
        self._entries = entries
        self._globals: Records = {}
        self._pending = _Extension()
        self._left_out = 0
        self.waiting = False

    def rare(self, header: bytes, offset: int, following: bytes) -> int:
        """Take in what is not ordinary, and return where the next header is.

        Its body starts at ``offset``, and ``following`` holds what has been read of it.
        """
        flag = header[156:157]
        if flag not in _EXTENSIONS:
            return self.entry(header, offset)
        size = _checked_size(_numeric(_NO_RECORDS, b"size", header[124:136], offset), offset)
        if flag in _SPEAKING:
            self._extend(flag, self._body(size, offset, following), offset)
        return offset + _padded(size)

    def _body(self, size: int, offset: int, following: bytes) -> bytes:
        if size > _LONGEST_EXTENSION:
            raise InvalidLayer(f"an extended header claims {size:,} bytes", offset)
        if len(following) >= size:
            return following[:size]
        body = self._blocks.fetch(offset, size)[:size]
        if len(body) < size:
            raise InvalidLayer("the tar ends inside an extended header", offset)
        return body

    def _extend(self, flag: bytes, body: bytes, offset: int) -> None:
        """Take in a header that speaks of the next entry (or, ``g``, of all that follow)."""
        pending = self._pending
        self.waiting = True
        pending.plain = pending.plain and len(body) <= _LONGEST_PATH
        if flag == b"L":
            pending.long_name = body.partition(b"\0")[0]
        elif flag == b"K":
            pending.long_link = body.partition(b"\0")[0]
        elif flag == b"g":
            self._globals |= parse_records(body, offset)
        else:
            pending.records |= parse_records(body, offset)
            pending.plain = pending.plain and pending.records.keys() <= _PLAIN_RECORDS and b"\0" not in body

    def take_plain(self, name: bytes, link: bytes, mtime: int, offset: int) -> tuple[bytes, bytes, int] | None:
        """Return name, link and mtime of the entry that the headers spoke of, or None where they said more."""
        pending = self._pending
        if not pending.plain or self._globals:
            return None
        self._pending, self.waiting = _Extension(), False
        records = pending.records
        if mtime_text := records.get(b"mtime"):
            mtime = _clamped(_decimal(mtime_text, b"mtime", offset))
        name = records.get(b"path") or (name if pending.long_name is None else pending.long_name)
        link = records.get(b"linkpath") or (link if pending.long_link is None else pending.long_link)
        return name, link, mtime

    def entry(self, header: bytes, offset: int) -> int:
        """Take in an entry that is out of the ordinary, and return where the next header is.

        Its content starts at ``offset``.
        """
        pending, self._pending = self._pending, _Extension()
        self.waiting = bool(self._globals)
        records = {key: value for key, value in (self._globals | pending.records).items() if value}
        name, link = _names(header, pending, records)
        flag = header[156:157]
        kind = _kind_of(flag, name)
        stored, size, data, sparse = 0, 0, offset, None
        if kind is Kind.FILE or flag == _DUMP_DIR:
            stored = _checked_size(_numeric(records, b"size", header[124:136], offset), offset)
        if kind is Kind.FILE:
            size, data, sparse = self._sparse(header, records, stored, offset)
        path = self.odd_path(name)
        if path is not None and len(link) > _LONGEST_PATH:
            self._leave_out(name, "the target of its link is too long")
            path = None
        if path is not None:
            entry = replace(_metadata(header, records, kind, offset), path=path, size=size)
            row = self._entries.table.append(entry, data)
            self._entries.paths.append(path)
            self.add_link(row, kind, link)
            if sparse is not None:
                self._entries.table.sparse[row] = sparse
        # the blocks of an old GNU map stand in front of the stored bytes, a version 1.0 map is among them
        return (data if flag == b"S" else offset) + _padded(stored)

    def _sparse(self, header: bytes, records: Records, stored: int, offset: int) -> tuple[int, int, SparseMap | None]:
        """Return the real size, where the data starts, and the map; the map is None for an ordinary file."""
        if header[156:157] == b"S":
            return self._old_gnu_sparse(header, stored, offset)
        if is_sparse_version_1(records):
            real_size = _numeric(records, b"GNU.sparse.realsize", b"", offset)
            pieces, data = self._leading_map(stored, offset)
        else:
            found = sparse_pieces(records, offset)
            if found is None:
                return stored, offset, None
            real_size, pieces, data = _numeric(records, b"GNU.sparse.size", b"", offset), found, offset
        real_size = _checked_size(real_size, offset)
        return real_size, data, checked_sparse_map(pieces, real_size, stored - (data - offset), offset)

    def _old_gnu_sparse(self, header: bytes, stored: int, offset: int) -> tuple[int, int, SparseMap]:
        try:
            real_size, pieces, more = gnu_sparse(header)
            while more:
                block = self._blocks.fetch(offset, BLOCK)[:BLOCK]
                if len(block) < BLOCK or len(pieces) > _LONGEST_SPARSE_MAP // 24:
                    raise InvalidLayer("the map of a sparse file is cut off", offset)
                following, more = gnu_sparse_extension(block)
                pieces += following
                offset += BLOCK
        except ValueError as error:
            raise InvalidLayer("the map of a sparse file is broken", offset) from error
        real_size = _checked_size(real_size, offset)
        return real_size, offset, checked_sparse_map(pieces, real_size, stored, offset)

    def _leading_map(self, stored: int, offset: int) -> tuple[list[tuple[int, int]], int]:
        """Return the pieces of a version 1.0 map and where the data behind it starts."""
        window = min(stored, _LONGEST_SPARSE_MAP)
        text = self._blocks.fetch(offset, min(window, BLOCK))[:window]
        count = text.partition(b"\n")[0]
        if not count.isdigit() or int(count) > _LONGEST_SPARSE_MAP // 4:
            raise InvalidLayer("the map of a sparse file is broken", offset)
        lines = 1 + 2 * int(count)
        need = BLOCK
        while text.count(b"\n") < lines and need < window:
            need = min(window, need * 4)
            text = self._blocks.fetch(offset, need)[:need]
        numbers = text.split(b"\n", lines)
        if len(numbers) <= lines:
            raise InvalidLayer("the map of a sparse file is cut off", offset)
        used = sum(map(len, numbers[:lines])) + lines
        return paired(numbers[1:lines], offset), offset + _padded(used)

    def add_link(self, row: int, kind: Kind, target: bytes) -> None:
        """Note a link's target as the table keeps it: a hard link's is a path of the image."""
        if kind is Kind.HARDLINK:
            self._entries.table.add_link(row, normalized(target) or b"")
        elif kind is Kind.SYMLINK:
            self._entries.table.add_link(row, target)

    def odd_path(self, name: bytes) -> bytes | None:
        """Return the path of an entry, or None where it is none: a whiteout, bookkeeping, a name that is left out."""
        path = normalized(name)
        if path is None:
            self._leave_out(name, "its name has ..")
            return None
        if len(path) > _LONGEST_PATH:
            self._leave_out(name, "its name is too long")
            return None
        return self.unless_whiteout(path)

    def unless_whiteout(self, path: bytes) -> bytes | None:
        """Return the path, or None where it stands for a whiteout, which is noted, or for bookkeeping."""
        found = whiteout_of(path)
        if found is None:
            return path
        if isinstance(found, OpaqueWhiteout):
            self._entries.opaque_whiteouts.append(found)
        elif not isinstance(found, Bookkeeping):
            self._entries.whiteouts.append(found)
        return None

    def _leave_out(self, name: bytes, reason: str) -> None:
        self._left_out += 1
        if self._left_out <= _WARNINGS_KEPT:
            shown = printable_name(name[:_LONGEST_SHOWN]) + ("…" if len(name) > _LONGEST_SHOWN else "")
            self._entries.warnings.append(f"left out {shown}: {reason}")

    def check_end(self, offset: int) -> None:
        """Raise InvalidLayer where headers spoke of an entry that does not come."""
        if self._pending != _Extension():
            raise InvalidLayer("it ends behind an extended header", offset)

    def finish(self) -> None:
        """Say how many more entries were left out than are named."""
        if self._left_out > _WARNINGS_KEPT:
            more = plural(self._left_out - _WARNINGS_KEPT, "more entry", "more entries")
            self._entries.warnings.append(f"left out {more}")


def _names(header: bytes, pending: _Extension, records: Records) -> tuple[bytes, bytes]:
    """Return the name and the link target; what stands nearest to the entry and says most wins."""
    name = pending.long_name
    if name is None:
        name = header[:100].partition(b"\0")[0]
        if header[345]:
            name = _with_prefix(header, name)
    name = records.get(b"GNU.sparse.name") or records.get(b"path") or name
    link = header[157:257].partition(b"\0")[0] if pending.long_link is None else pending.long_link
    return name.partition(b"\0")[0], records.get(b"linkpath", link).partition(b"\0")[0]


def _with_prefix(header: bytes, name: bytes) -> bytes:
    """Return the whole name of a ustar header; where its prefix would be, GNU keeps other things."""
    prefix = header[345:500].partition(b"\0")[0]
    return prefix + b"/" + name if header[257:263] == _USTAR else name


def _metadata(header: bytes, records: Records, kind: Kind, offset: int) -> FileEntry:
    """Return what a header and its records say of an entry, but for its path, size and link."""
    mode = _numeric(_NO_RECORDS, b"mode", header[100:108], offset)
    uid = _numeric(records, b"uid", header[108:116], offset)
    gid = _numeric(records, b"gid", header[116:124], offset)
    mtime = _clamped(_numeric(records, b"mtime", header[136:148], offset))
    device = None
    if kind in (Kind.CHAR, Kind.BLOCK):
        major = _numeric(_NO_RECORDS, b"device", header[329:337], offset)
        device = (major, _numeric(_NO_RECORDS, b"device", header[337:345], offset))
    permissions = mode & 0o7777, uid & 0xFFFFFFFF, gid & 0xFFFFFFFF
    return FileEntry(b"", kind, 0, *permissions, mtime, xattrs=xattrs_of(records), device=device)


def _kind_of(flag: bytes, name: bytes) -> Kind:
    return Kind.DIR if flag == b"\0" and name.endswith(b"/") else KINDS.get(flag, Kind.FILE)


def _numeric(records: Records, key: bytes, header_field: bytes, offset: int) -> int:
    """Return a number that a PAX record gives as decimal text, or else the header field."""
    text = records.get(key)
    if text is not None:
        return _decimal(text, key, offset)
    try:
        return number(header_field)
    except ValueError as error:
        raise InvalidLayer(f"a header has a broken {key.decode()} field", offset) from error


def _decimal(text: bytes, key: bytes, offset: int) -> int:
    try:
        return int(text.partition(b".")[0])
    except ValueError as error:
        raise InvalidLayer(f"a PAX record has a broken {key.decode()}", offset) from error


def _clamped(mtime: int) -> int:
    return max(-_LARGEST, min(_LARGEST, mtime))


def _checked_size(size: int, offset: int) -> int:
    if not 0 <= size <= _LARGEST:
        raise InvalidLayer(f"a header claims a size of {size} bytes", offset)
    return size


def _padded(size: int) -> int:
    return (size + BLOCK - 1) // BLOCK * BLOCK


def walk(blocks: TarBlocks, entries: LayerEntries) -> Iterator[int]:
    """Fill ``entries`` from the headers of a tar, and yield the stored bytes that lie behind, now and then.

    A tar that breaks off or is broken ends the walk with a sentence in ``entries.error``; what was read is kept. The
    caller may stop at any yield.
    """
    state = _Walk(blocks, entries)
    try:
        yield from _walk(state, blocks, entries)
    except InvalidLayer as error:
        where = f", at byte {error.offset:,} of its tar" if error.offset is not None else ""
        entries.error = f"{error}{where}"
    except UnsupportedCompression as error:
        entries.error = str(error)
    except OSError as error:
        entries.error = f"cannot be read: {error.strerror or error}"
    state.finish()


class _PermissionIds(dict[bytes, int]):
    """The table's permission index of the fields mode, uid and gid in a row; ValueError where one is broken."""

    def __init__(self, table: EntryTable) -> None:
        super().__init__()
        self._table = table

    def __missing__(self, fields: bytes) -> int:
        mode, uid, gid = number(fields[:8]), number(fields[8:16]), number(fields[16:])
        value = self[fields] = self._table.permission_id(mode & 0o7777, uid & 0xFFFFFFFF, gid & 0xFFFFFFFF)
        return value


class _Parents(dict[bytes, bytes | None]):
    """A parent folder as the normalized path in front of a name, with its slash; None where it needs a closer look."""

    def __missing__(self, folder: bytes) -> bytes | None:
        clean = normalized(folder)
        odd = clean is None or PREFIX in clean
        value = self[folder] = None if odd or clean is None else clean + b"/" if clean else b""
        return value


class _Numbers(dict[bytes, int]):
    """The number in an mtime field; ValueError where it is broken."""

    def __missing__(self, field: bytes) -> int:
        value = self[field] = _clamped(number(field))
        return value


class _Sums(dict[bytes, int]):
    """The low half of a whole header's Adler-32, by its checksum field, for a quick check; -1 for an odd field."""

    def __missing__(self, field: bytes) -> int:
        try:
            value = number(field) - SPACES_SUM + sum(field) + 1
        except ValueError:
            value = -1
        self[field] = value
        return value


def _walk(  # noqa: C901, PLR0912, PLR0915  # the hot loop: a call more costs a tenth of an entry
    state: _Walk, blocks: TarBlocks, entries: LayerEntries
) -> Iterator[int]:
    table = entries.table
    unpack, fetch, ordinary = _FIELDS.unpack_from, blocks.fetch, _ORDINARY.get
    add_path, add_kind, add_size = entries.paths.append, table.kinds.append, table.sizes.append
    add_permissions, add_mtime, add_data = table.permissions.append, table.mtimes.append, table.data_offsets.append
    permissions, times, parents, sums = _PermissionIds(table), _Numbers(), _Parents(), _Sums()
    chunk, base, offset, fetches = b"", 0, 0, 0
    while True:
        at = offset - base
        if at + BLOCK > len(chunk):
            chunk, base, at = fetch(offset, BLOCK), offset, 0
            if len(chunk) < BLOCK:
                _check_end(blocks, offset, len(chunk), entries)
                break
            fetches += 1
            if not fetches & _FETCHES_A_YIELD:
                yield blocks.consumed()
        header = chunk[at : at + BLOCK]
        name, owner, size_field, mtime_field, stated, flag, prefix = unpack(header)
        if adler32(header) & 0xFFFF != sums[stated]:
            if header == ZERO_BLOCK:
                break
            if not checksum_holds(header):
                raise _no_header(offset)
        offset += BLOCK
        kind = ordinary(flag)
        if kind is None:
            offset = state.rare(header, offset, chunk[at + BLOCK : at + 3 * BLOCK])
            continue
        try:
            size = int(size_field[:11], 8) if size_field[11] in _FIELD_ENDS else -1
            permission = permissions[owner]
            mtime = times[mtime_field]
        except ValueError:
            size = permission = mtime = -1
        if size < 0:
            # large, negative or broken
            offset = state.entry(header, offset)
            continue
        path = name.partition(b"\0")[0]
        if prefix:
            path = _with_prefix(header, path)
        link = header[157:257].partition(b"\0")[0] if kind > 1 else b""
        if state.waiting:
            told = state.take_plain(path, link, mtime, offset)
            if told is None:
                offset = state.entry(header, offset)
                continue
            path, link, mtime = told
        if kind == 1 and path[-1:] == b"/":
            path = path[:-1]
        folder, _, leaf = path.rpartition(b"/")
        parent = parents[folder]
        if parent is None or leaf[:1] in _ODD_START:
            path = (
                state.odd_path(path)
                if parent is None or not leaf.startswith(PREFIX)
                else state.unless_whiteout(parent + leaf)
            )
            if path is None:
                offset += _padded(size) if kind == 0 else 0
                continue
        else:
            path = parent + leaf
        add_path(path)
        add_kind(kind)
        add_permissions(permission)
        add_mtime(mtime)
        add_data(offset)
        if kind == 0:
            add_size(size)
            offset += (size + 511) & -512
        else:
            add_size(0)
            if kind != 1:
                state.add_link(len(table.sizes) - 1, kind, link)
    state.check_end(offset)


def _check_end(blocks: TarBlocks, offset: int, left: int, entries: LayerEntries) -> None:
    """Raise InvalidLayer where the tar ends in the middle of something."""
    end = blocks.end()
    if end == 0:
        raise InvalidLayer("it is empty")
    if offset == 0:
        raise _no_header(offset)
    if end < _end_of_content(entries.table):
        raise InvalidLayer(f"it ends inside {printable_name(entries.paths[-1])}", end)
    if end <= offset - BLOCK:
        raise InvalidLayer("it ends inside an entry", end)
    if left:
        raise InvalidLayer("it ends inside a header", offset)


def _end_of_content(table: EntryTable) -> int:
    """Return where the content of the last entry ends; some builders do not pad it (umoci's issue 436)."""
    if not table.kinds or table.kinds[-1] != Kind.FILE:
        return 0
    sparse = table.sparse.get(len(table) - 1)
    stored = table.sizes[-1] if sparse is None else sum(length for _, length in sparse)
    return table.data_offsets[-1] + stored


def _no_header(offset: int) -> InvalidLayer:
    return InvalidLayer("a header is broken", offset) if offset else InvalidLayer("it is no tar")
