"""The entries of one layer as columns, and a view of one of them made on demand."""

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TypeAlias

from layerscope.model.whiteout import OpaqueWhiteout, Whiteout

Ints: TypeAlias = "array[int]"
"""A column of numbers."""

Xattrs = tuple[tuple[bytes, bytes], ...]
"""Names and values, sorted by name."""

SparseMap = tuple[tuple[int, int], ...]
"""Offset and length of each piece of a sparse file that is stored; the rest is zeros."""


class Kind(IntEnum):
    """What an entry is; the value is what the columns hold."""

    FILE = 0
    DIR = 1
    SYMLINK = 2
    HARDLINK = 3
    FIFO = 4
    CHAR = 5
    BLOCK = 6

    @property
    def word(self) -> str:
        """The kind as documents name it."""
        return _WORDS[self]

    @property
    def letter(self) -> str:
        """The kind as the first letter of ``ls -l``."""
        return "-dl-pcb"[self]


_WORDS = ("file", "dir", "symlink", "hardlink", "fifo", "char", "block")


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One entry as a layer holds it, or a directory that is only implied (``row`` is None then).

    ``path`` is relative bytes (``etc/passwd``; the root is empty); ``size`` counts bytes of a regular file and is 0 for
    all else; ``link`` is a symlink's target as it is, or a hard link's as a relative path of the image; ``mtime`` in
    seconds.
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


Permissions = tuple[int, int, int]
"""Mode, uid and gid."""


class EntryTable:
    """Columns of equal length, one row an entry of the layer's tar: 29 bytes a row.

    ``permissions`` holds indexes into ``permission_sets``: few differ in a layer. ``data_offsets`` count in the
    uncompressed layer. What only some rows have is kept apart: the links by ascending row in ``link_rows``, each with
    the end of its target in ``links``; xattrs, device numbers and sparse maps by row.
    """

    __slots__ = (
        "_permission_ids",
        "data_offsets",
        "devices",
        "kinds",
        "link_ends",
        "link_rows",
        "links",
        "mtimes",
        "permission_sets",
        "permissions",
        "sizes",
        "sparse",
        "xattrs",
    )

    def __init__(self) -> None:
        self.kinds = bytearray()
        self.sizes = array("q")
        self.permissions = array("I")
        self.permission_sets: list[Permissions] = []
        self._permission_ids: dict[Permissions, int] = {}
        self.mtimes = array("q")
        self.data_offsets = array("q")
        self.link_rows = array("I")
        self.link_ends = array("I")
        self.links = bytearray()
        self.xattrs: dict[int, Xattrs] = {}
        self.devices: dict[int, tuple[int, int]] = {}
        self.sparse: dict[int, SparseMap] = {}

    def __len__(self) -> int:
        return len(self.kinds)

    def permission_id(self, mode: int, uid: int, gid: int) -> int:
        """Return the index of the set of permissions, new where it is the first of its kind."""
        permissions = (mode, uid, gid)
        found = self._permission_ids.setdefault(permissions, len(self.permission_sets))
        if found == len(self.permission_sets):
            self.permission_sets.append(permissions)
        return found

    def link(self, row: int) -> bytes | None:
        """Return the link target of the row, or None where it is no link."""
        place = bisect_left(self.link_rows, row)
        if place == len(self.link_rows) or self.link_rows[place] != row:
            return None
        start = self.link_ends[place - 1] if place else 0
        return bytes(self.links[start : self.link_ends[place]])

    def add_link(self, row: int, target: bytes) -> None:
        """Note the target of a link; rows come in ascending order."""
        self.links += target
        self.link_rows.append(row)
        self.link_ends.append(len(self.links))

    def append(self, entry: FileEntry, data_offset: int = 0) -> int:
        """Add an entry and return its row."""
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
        """Return the view of one row."""
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

    def same_metadata(self, row: int, other: "EntryTable", other_row: int) -> bool:
        """Tell whether kind, mode, owner and xattrs agree."""
        return (
            self.kinds[row] == other.kinds[other_row]
            and self.permission_sets[self.permissions[row]] == other.permission_sets[other.permissions[other_row]]
            and self.xattrs.get(row) == other.xattrs.get(other_row)
        )


@dataclass(slots=True)
class LayerEntries:
    """What the walk over one layer found: a table, the path of each row, the whiteouts, and what was left out and why.

    ``error`` is the sentence that ended the walk early; what was read before it is kept.
    """

    table: EntryTable = field(default_factory=EntryTable)
    paths: list[bytes] = field(default_factory=list)
    whiteouts: list[Whiteout] = field(default_factory=list)
    opaque_whiteouts: list[OpaqueWhiteout] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    error: str | None = None

    def __iter__(self) -> Iterator[FileEntry]:
        for row, path in enumerate(self.paths):
            yield self.table.entry(row, path, 0)
