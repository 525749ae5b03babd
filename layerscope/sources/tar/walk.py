"""The walk over the headers of a tar: one pass, no content read, columns out.

It reads ustar, GNU (long names, base-256 numbers, sparse files) and PAX (path, linkpath, size, owner, times, xattrs,
sparse files, global headers); `header`, `pax` and `sparse` give the sources. Most entries of a layer are plain files,
folders and links with short names: `_walk` reads these itself, in one loop without calls, and hands all others to
`UnusualEntries`.
"""

from collections.abc import Callable, Iterator
from typing import Any

from layerscope.errors import InvalidLayer, UnsupportedCompression, os_reason
from layerscope.model.entries import Kind, LayerEntries
from layerscope.model.image import Compression
from layerscope.sources.stream.compression import detect
from layerscope.sources.tar.blocks import TarBlocks, TarPart
from layerscope.sources.tar.extended import EXTENDED_FLAGS, ExtendedHeaders, UnusualEntries
from layerscope.sources.tar.header import (
    BLOCK,
    LINK,
    ORDINARY_FIELDS,
    SIZE,
    ZERO_BLOCK,
    Parents,
    PermissionIds,
    Sums,
    Times,
    has_valid_checksum,
    padded,
    quick_sum,
    with_prefix,
)
from layerscope.sources.tar.names import Allowance, Names
from layerscope.sources.tar.sparse import SparseFiles
from layerscope.text import printable_name

_FETCHES_A_YIELD = 63
"""A mask: the walk yields after 64 reads, which take a few milliseconds at most."""

_ORDINARY = {b"0": Kind.FILE, b"5": Kind.DIR, b"1": Kind.HARDLINK, b"2": Kind.SYMLINK}
_FILE, _DIR = Kind.FILE.value, Kind.DIR.value

_FIELD_ENDS = b"\0 "
_FIRST_ORDINARY = b"/"
"""A name before this one may be a whiteout or not normalized: it is empty, or begins with a dot or something rarer."""

_Append = Callable[[Any], None]


def walk(blocks: TarBlocks, entries: LayerEntries, part: TarPart | None = None) -> Iterator[int]:
    """Fill ``entries`` from the headers of a tar, and yield the number of stored bytes read, now and then.

    A tar that breaks off or is broken ends the walk with a sentence in ``entries.error``; what was read is kept. The
    caller may stop at any yield, or take the entries so far. With a ``part``, only its headers are read.
    """
    part = part or TarPart()
    allowance = Allowance(blocks.stored, part.of)
    names = Names(entries, allowance)
    try:
        yield from _walk(blocks, entries, names, allowance, part)
        blocks.check()
    except InvalidLayer as error:
        where = f", at byte {error.offset:,} of its tar" if error.offset is not None else ""
        entries.error = f"{error}{where}"
    except UnsupportedCompression as error:
        entries.error = str(error)
    except OSError as error:
        entries.error = f"cannot read its blob: {os_reason(error)}"
    names.finish()


def _walk(  # noqa: C901, PLR0912, PLR0915  # the hot loop: each further call costs a tenth of an entry's time
    blocks: TarBlocks, entries: LayerEntries, names: Names, allowance: Allowance, part: TarPart
) -> Iterator[int]:
    extended = ExtendedHeaders(entries, blocks, allowance)
    unusual = UnusualEntries(entries, names, extended, SparseFiles(blocks, allowance), allowance)
    table, last = entries.table, (0, b"")
    # of the open run of paths, as the header spells it; None if there is none
    run_folder: bytes | None = None
    # locals, because a global or an attribute takes longer to look up, and there are 15 of them an entry
    unpack, fetch, ordinary = ORDINARY_FIELDS.unpack_from, blocks.fetch, _ORDINARY.get
    take_extended, take_unusual = extended.take, unusual.take
    add_name, add_kind, add_size, add_permissions, add_mtime, add_data = _appenders(entries)
    permissions, times, parents, sums = PermissionIds(table), Times(), Parents(), Sums()
    chunk, base, offset, fetches, last_header = b"", 0, part.start, 0, -1
    while True:
        at = offset - base
        if at > last_header:
            chunk, base, at = fetch(offset, BLOCK), offset, 0
            last_header = len(chunk) - BLOCK
            if len(chunk) < BLOCK:
                if offset < part.stop:
                    _check_end(blocks, offset, chunk, max(last, _last_content(entries)))
                    break
                if offset == part.stop and not extended.waiting:
                    part.is_joined = True
                    return
                part.go_on()
                continue
            fetches += 1
            if not fetches & _FETCHES_A_YIELD:
                allowance.check_rows(len(table), len(table.permission_sets))
                last = max(last, _last_content(entries))
                yield blocks.consumed()
                if entries.table is not table:
                    allowance.keep_rows(len(table), len(table.permission_sets))
                    table = entries.table
                    add_name, add_kind, add_size, add_permissions, add_mtime, add_data = _appenders(entries)
                    permissions, run_folder = PermissionIds(table), None
        header = chunk[at : at + BLOCK]
        name, owner, size_field, size_end, mtime_field, checksum, flag, prefix = unpack(header)
        if quick_sum(header) & 0xFFFF != sums[checksum]:
            if header == ZERO_BLOCK:
                part.has_end = True
                break
            if not has_valid_checksum(header):
                raise _broken_header(offset, header)
        offset += BLOCK
        kind = ordinary(flag)
        if kind is None:
            if flag in EXTENDED_FLAGS:
                offset = take_extended(flag, header[SIZE], offset, chunk, at + BLOCK)
            else:
                offset, run_folder = take_unusual(header, offset), None
            continue
        try:
            size = int(size_field, 8) if size_end in _FIELD_ENDS else -1
            permission = permissions[owner]
            mtime = times[mtime_field]
        except ValueError:
            size = permission = mtime = -1
        if size < 0:
            # a number is in base-256, negative or broken
            offset, run_folder = take_unusual(header, offset), None
            continue
        path = name.partition(b"\0")[0]
        if prefix:
            path = with_prefix(header, path)
        link = header[LINK].partition(b"\0")[0] if kind > _DIR else b""
        if extended.waiting:
            plain = extended.next_plain(path, link, mtime, offset)
            if plain is None:
                offset, run_folder = take_unusual(header, offset), None
                continue
            path, link, mtime = plain
        if kind == _DIR and path[-1:] == b"/":
            path = path[:-1]
        folder, _, leaf = path.rpartition(b"/")
        if folder != run_folder and leaf >= _FIRST_ORDINARY:
            parent = parents[folder]
            run_folder = None if parent is None else folder
            if parent is not None:
                entries.paths.begin(parent)
        if leaf < _FIRST_ORDINARY or run_folder is None:
            path = names.path_of(path)
            if path is None:
                offset += padded(size) if kind == _FILE else 0
                continue
            entries.paths.append(path)
            run_folder = None
        else:
            add_name(leaf)
        add_kind(kind)
        add_permissions(permission)
        add_mtime(mtime)
        add_data(offset)
        if kind == _FILE:
            add_size(size)
            # padded(size), without the call
            offset += (size + 511) & -512
        else:
            add_size(0)
            if kind != _DIR:
                unusual.add_link(len(table.sizes) - 1, kind, link)
    extended.check_end(offset)


def _appenders(entries: LayerEntries) -> tuple[_Append, _Append, _Append, _Append, _Append, _Append]:
    """Return what adds a value to the names and to each column that all rows have."""
    table = entries.table
    return (
        entries.paths.name_appender(),
        table.kinds.append,
        table.sizes.append,
        table.permissions.append,
        table.mtimes.append,
        table.data_offsets.append,
    )


def _check_end(blocks: TarBlocks, offset: int, left: bytes, last: tuple[int, bytes]) -> None:
    """Raise InvalidLayer where the tar ends inside an entry, the `_last_content` say, or a header."""
    end = blocks.end()
    if end == 0:
        raise InvalidLayer("it is empty")
    if offset == 0:
        raise _broken_header(offset, left)
    last_end, last_path = last
    if end < last_end:
        raise InvalidLayer(f"it ends inside {printable_name(last_path)}", end)
    if end <= offset - BLOCK:
        raise InvalidLayer("it ends inside an entry", end)
    if left:
        raise InvalidLayer("it ends inside a header", offset)


def _last_content(entries: LayerEntries) -> tuple[int, bytes]:
    """Return the end of the last entry's content, and its path; some builders do not pad it (umoci's issue 436)."""
    table = entries.table
    if not table.kinds or table.kinds[-1] != Kind.FILE:
        return 0, b""
    sparse = table.sparse.get(len(table) - 1)
    stored = table.sizes[-1] if sparse is None else sum(length for _, length in sparse)
    return table.data_offsets[-1] + stored, entries.paths.last(1)[0]


def _broken_header(offset: int, block: bytes) -> InvalidLayer:
    if offset:
        return InvalidLayer("a header is broken", offset)
    compression = detect(block)
    if compression is Compression.NONE:
        return InvalidLayer("it is not a tar archive")
    return InvalidLayer(f"it is compressed twice: its decompressed bytes are {compression} again")
