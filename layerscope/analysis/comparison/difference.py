"""What differs between two entries: told from the columns, with the bytes of files left to whoever can read them."""

from collections.abc import Collection, Sequence
from enum import IntFlag
from functools import cache
from typing import NamedTuple, Protocol

from layerscope.analysis.content import Digests
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.overlay import IMPLIED
from layerscope.model.entries import EntryTable, FileEntry, Kind, Permissions

_DEVICES = frozenset({Kind.CHAR, Kind.BLOCK})


class Aspect(IntFlag):
    """What may differ. A device's numbers are its content; a symlink's mode means nothing and never counts."""

    CONTENT = 1
    KIND = 2
    MODE = 4
    OWNER = 8
    XATTRS = 16
    LINK = 32
    MTIME = 64

    @property
    def words(self) -> tuple[str, ...]:
        """The aspects as documents name them, in this order."""
        return _words(self)


_WORDS = {
    Aspect.CONTENT: "content",
    Aspect.KIND: "kind",
    Aspect.MODE: "mode",
    Aspect.OWNER: "owner",
    Aspect.XATTRS: "xattrs",
    Aspect.LINK: "link",
    Aspect.MTIME: "mtime",
}


@cache
def _words(aspects: Aspect) -> tuple[str, ...]:
    # a hundred thousand rows hold a handful of these, and flags are slow to test
    return tuple(word for bit, word in _WORDS.items() if aspects & bit)


UNSETTLED = 128
"""Set beside the aspects where two files are of one size, so that only their bytes can tell."""


class ComparedBytes(Protocol):
    """What analysis asks of the bytes on both sides of a comparison; files are named by occurrence."""

    def same(self, pairs: Sequence[tuple[int, int]]) -> Sequence[bool | None]:
        """Tell of each pair of files of one size, left and right, if their bytes are equal; None if unreadable."""

    def digests(self, old: Collection[int], new: Collection[int]) -> tuple[Digests, Digests]:
        """Return digests of files of the left side and of the right one; what cannot be read is missing."""


class Place(NamedTuple):
    """Where an occurrence that is no removal is written down."""

    table: EntryTable
    row: int

    @property
    def kind(self) -> int:
        """The number of the kind."""
        return self.table.kinds[self.row]

    @property
    def permissions(self) -> Permissions:
        """Mode, uid and gid."""
        return self.table.permission_sets[self.table.permissions[self.row]]


def _implied_place() -> Place:
    table = EntryTable()
    return Place(table, table.append(FileEntry(b"", Kind.DIR)))


_IMPLIED_PLACE = _implied_place()
"""What a directory without an entry of its own is."""


def place_of(tree: LayeredTree, occurrence: int) -> Place:
    """Return where an occurrence that is no removal is written down."""
    row = tree.index.rows[occurrence]
    return _IMPLIED_PLACE if row == IMPLIED else Place(tree.tables[tree.index.layers[occurrence]], row)


def shown_file(tree: LayeredTree, occurrence: int) -> int:
    """Return the occurrence of the regular file whose bytes this one shows, its own or a hard link's; -1 for none."""
    row = tree.index.rows[occurrence]
    kind = tree.tables[tree.index.layers[occurrence]].kinds[row] if row >= 0 else Kind.DIR
    if kind == Kind.FILE:
        return occurrence
    return tree.index.link_targets.get(occurrence, -1) if kind == Kind.HARDLINK else -1


def difference(old: LayeredTree, one: int, new: LayeredTree, other: int, *, mtime: bool = False) -> int:
    """Return the aspects in which two present occurrences differ, and UNSETTLED where bytes have to be compared.

    A hard link is taken for the file that it shows; that it is a link, and to where, is its ``LINK``. Where the kinds
    differ, content and link are not told apart any further. With ``mtime``, times count where both sides state one.
    """
    before, after = place_of(old, one), place_of(new, other)
    found = _metadata(before, after)
    if mtime and before is not _IMPLIED_PLACE is not after and _mtime(before) != _mtime(after):
        found |= Aspect.MTIME
    file, other_file = shown_file(old, one), shown_file(new, other)
    if (file < 0) != (other_file < 0) or (file < 0 and before.kind != after.kind):
        return found | Aspect.KIND
    if file == one and other_file == other:
        return found | _content(old, file, new, other_file)
    if before.table.link(before.row) != after.table.link(after.row):
        found |= Aspect.LINK
    if file >= 0:
        return found | _content(old, file, new, other_file)
    if before.kind in _DEVICES and before.table.devices.get(before.row) != after.table.devices.get(after.row):
        found |= Aspect.CONTENT
    return found


def _mtime(place: Place) -> int:
    return place.table.mtimes[place.row]


def _metadata(before: Place, after: Place) -> int:
    found = 0
    permissions, others = before.permissions, after.permissions
    if permissions != others:
        if permissions[0] != others[0] and Kind.SYMLINK not in (before.kind, after.kind):
            found |= Aspect.MODE
        if permissions[1:] != others[1:]:
            found |= Aspect.OWNER
    if before.table.xattrs.get(before.row) != after.table.xattrs.get(after.row):
        found |= Aspect.XATTRS
    return found


def _content(old: LayeredTree, file: int, new: LayeredTree, other: int) -> int:
    if old is new and file == other:
        return 0
    size = _size(old, file)
    if size != _size(new, other):
        return Aspect.CONTENT
    return UNSETTLED if size else 0


def _size(tree: LayeredTree, file: int) -> int:
    table, row = place_of(tree, file)
    return table.sizes[row]


def settled(found: int, same: bool | None) -> Aspect:
    """Return the aspects once the bytes have been compared; what cannot be read is not taken for equal."""
    return Aspect(found & ~UNSETTLED | (0 if same else Aspect.CONTENT))
