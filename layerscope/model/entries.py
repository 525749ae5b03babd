"""The entries of one layer as columns, and a view of one of them made on demand."""

from bisect import bisect_left
from collections.abc import Iterator
from copy import copy
from enum import IntEnum
from functools import cached_property

from msgspec import Struct, field

from layerscope.model.columns import Ints, RowPaths, column
from layerscope.model.content_facts import ContentFacts

WHITEOUT_PREFIX = b".wh."
OPAQUE_MARKER = b".wh..wh..opq"
_BOOKKEEPING_PREFIX = b".wh..wh."


class Whiteout(Struct, frozen=True):
    """A marker that hides one path of the lower layers, and everything below it."""

    path: bytes


class OpaqueWhiteout(Struct, frozen=True):
    """A marker that hides everything that the lower layers have below a directory."""

    directory: bytes


class Bookkeeping(Struct, frozen=True):
    """A storage driver's own file (``.wh..wh.plnk``), which is not part of the image."""


def whiteout_of(path: bytes) -> Whiteout | OpaqueWhiteout | Bookkeeping | None:
    """Return the marker that the normalized path is, or None for an ordinary entry."""
    if WHITEOUT_PREFIX not in path:
        return None
    parent, _, name = path.rpartition(b"/")
    if name == OPAQUE_MARKER:
        return OpaqueWhiteout(parent)
    if b"/" + _BOOKKEEPING_PREFIX in b"/" + path:
        return Bookkeeping()
    if not name.startswith(WHITEOUT_PREFIX):
        return None
    hidden = name[len(WHITEOUT_PREFIX) :]
    if hidden in (b"", b".", b".."):
        return Bookkeeping()
    return Whiteout(parent + b"/" + hidden if parent else hidden)


Xattrs = tuple[tuple[bytes, bytes], ...]
"""Names and values, sorted by name."""

SparseMap = tuple[tuple[int, int], ...]
"""Offset and length of each stored piece of a sparse file; the rest is zeros."""


class Kind(IntEnum):
    """The kind of an entry; the columns hold its value."""

    FILE = 0
    DIR = 1
    SYMLINK = 2
    HARDLINK = 3
    FIFO = 4
    CHAR = 5
    BLOCK = 6

    @property
    def word(self) -> str:
        return _WORDS[self]

    @property
    def letter(self) -> str:
        """The first letter that ``ls -l`` prints for the kind."""
        return "-dl-pcb"[self]


DEVICES = (Kind.CHAR, Kind.BLOCK)
_LARGEST_MAJOR, _LARGEST_MINOR = (1 << 12) - 1, (1 << 20) - 1
"""https://man7.org/linux/man-pages/man3/makedev.3.html; larger numbers are cut or refused by the kernel."""

NO_TARGET = "the target of this hard link is not in the image"

_WORDS = ("file", "dir", "symlink", "hardlink", "fifo", "char", "block")


class FileEntry(Struct, frozen=True):
    """One entry as a layer holds it, or a directory that is only implied (then ``row`` is None).

    ``path`` is relative (``etc/passwd``; the root is empty). ``size`` counts the bytes of a regular file and is 0 for
    every other kind. ``link`` is the target of a symlink as stored, or of a hard link as a relative path of the image.
    ``mtime`` is in seconds.
    """

    path: bytes
    kind: Kind
    size: int = 0
    mode: int = 0o755
    uid: int = 0
    gid: int = 0
    mtime: int = 0
    link: bytes | None = None
    xattrs: Xattrs = ()
    device: tuple[int, int] | None = None
    layer: int = 0
    row: int | None = None


def impossible(entry: FileEntry) -> str | None:
    """Return why no system can have such a file."""
    major, minor = entry.device or (0, 0)
    if entry.kind in DEVICES and not (0 <= major <= _LARGEST_MAJOR and 0 <= minor <= _LARGEST_MINOR):
        return "no system has its device numbers"
    return "it is a symlink to nothing" if entry.kind is Kind.SYMLINK and not entry.link else None


Permissions = tuple[int, int, int]
"""Mode, uid and gid."""

IMPLIED_PERMISSIONS: Permissions = (0o755, 0, 0)
"""The permissions of a directory that no layer has an entry for."""


def implied_directory(path: bytes, layer: int = 0) -> FileEntry:
    """Return a directory that exists only because a layer holds something below it."""
    return FileEntry(path, Kind.DIR, 0, *IMPLIED_PERMISSIONS, layer=layer)


class EntryTable(Struct, dict=True):
    """Columns of equal length, one row for each entry of the layer's tar: 29 bytes a row.

    This class alone lists the columns: the frames between processes and the comparison of two layers take them from
    its fields. ``permissions`` holds indexes into ``permission_sets``, because a layer uses few different ones.
    ``data_offsets`` count in the uncompressed layer. Facts that few rows have are kept apart: the rows of links in
    ``link_rows``, ascending, each with the end of its target in ``links``; xattrs, device numbers and sparse maps by
    row.
    """

    kinds: bytearray = column(bytearray)
    sizes: Ints = column("q")
    permissions: Ints = column("I")
    mtimes: Ints = column("q")
    data_offsets: Ints = column("q")
    link_rows: Ints = column("I")
    link_ends: Ints = column("I")
    links: bytearray = column(bytearray)
    permission_sets: list[Permissions] = field(default_factory=list)
    xattrs: dict[int, Xattrs] = field(default_factory=dict)
    devices: dict[int, tuple[int, int]] = field(default_factory=dict)
    sparse: dict[int, SparseMap] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.kinds)

    @cached_property
    def _permission_ids(self) -> dict[Permissions, int]:
        return {permissions: number for number, permissions in enumerate(self.permission_sets)}

    def permission_id(self, mode: int, uid: int, gid: int) -> int:
        """Return the index of the set of permissions, and add the set if it is new."""
        permissions = (mode, uid, gid)
        number = self._permission_ids.setdefault(permissions, len(self.permission_sets))
        if number == len(self.permission_sets):
            self.permission_sets.append(permissions)
        return number

    def link(self, row: int) -> bytes | None:
        """Return the link target of the row, or None if the row is not a link."""
        position = bisect_left(self.link_rows, row)
        if position == len(self.link_rows) or self.link_rows[position] != row:
            return None
        start = self.link_ends[position - 1] if position else 0
        return bytes(self.links[start : self.link_ends[position]])

    def extend(self, following: "EntryTable") -> None:
        rows, links = len(self), len(self.links)
        ids = [self.permission_id(*permissions) for permissions in following.permission_sets]
        self.kinds += following.kinds
        self.sizes += following.sizes
        self.permissions.extend(map(ids.__getitem__, following.permissions))
        self.mtimes += following.mtimes
        self.data_offsets += following.data_offsets
        self.link_rows.extend(rows + row for row in following.link_rows)
        self.link_ends.extend(links + end for end in following.link_ends)
        self.links += following.links
        self.xattrs |= {rows + row: xattrs for row, xattrs in following.xattrs.items()}
        self.devices |= {rows + row: device for row, device in following.devices.items()}
        self.sparse |= {rows + row: pieces for row, pieces in following.sparse.items()}

    def add_link(self, row: int, target: bytes) -> None:
        """Add the target of a link; rows come in ascending order."""
        self.links += target
        self.link_rows.append(row)
        self.link_ends.append(len(self.links))

    def append(self, entry: FileEntry, data_offset: int = 0) -> int:
        row = len(self.kinds)
        self.kinds.append(entry.kind)
        self.sizes.append(entry.size)
        self.permissions.append(self.permission_id(entry.mode, entry.uid, entry.gid))
        self.mtimes.append(entry.mtime)
        self.data_offsets.append(data_offset)
        if entry.link is not None:
            self.add_link(row, entry.link)
        if entry.xattrs:
            self.xattrs[row] = entry.xattrs
        if entry.device:
            self.devices[row] = entry.device
        return row

    def entry(self, row: int, path: bytes, layer: int) -> FileEntry:
        return FileEntry(
            path,
            Kind(self.kinds[row]),
            self.sizes[row],
            *self.permission_sets[self.permissions[row]],
            self.mtimes[row],
            self.link(row),
            self.xattrs.get(row, ()),
            self.devices.get(row),
            layer,
            row,
        )

    def same_metadata(self, row: int, new: "EntryTable", new_row: int) -> bool:
        """Return whether kind, mode, owner and xattrs of a row equal those of a row of another table."""
        return (
            self.kinds[row] == new.kinds[new_row]
            and self.permission_sets[self.permissions[row]] == new.permission_sets[new.permissions[new_row]]
            and self.xattrs.get(row) == new.xattrs.get(new_row)
        )


class LayerEntries(Struct):
    """The result of the walk over one layer: a table, the path of each row, the whiteouts, and warnings.

    ``warnings`` say what was left out and why. ``error`` is the reason why the walk ended early; everything read before
    it is kept. ``content`` is what was taken of the content that passed.
    """

    table: EntryTable = field(default_factory=EntryTable)
    paths: RowPaths = field(default_factory=RowPaths)
    whiteouts: list[Whiteout] = field(default_factory=list)
    opaque_whiteouts: list[OpaqueWhiteout] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    error: str | None = None
    content: ContentFacts = field(default_factory=ContentFacts)

    def take(self) -> "LayerEntries":
        """Return what has been read so far, and go on without it; the walk permits that whenever it yields."""
        taken, rest = copy(self), LayerEntries(error=self.error)
        for name in self.__struct_fields__:
            setattr(self, name, getattr(rest, name))
        return taken

    def extend(self, following: "LayerEntries") -> None:
        self.table.extend(following.table)
        self.paths.extend(following.paths)
        self.whiteouts += following.whiteouts
        self.opaque_whiteouts += following.opaque_whiteouts
        self.warnings += following.warnings
        self.content.extend(following.content)
        self.error = following.error

    def __iter__(self) -> Iterator[FileEntry]:
        for row, path in enumerate(self.paths):
            yield self.table.entry(row, path, 0)
