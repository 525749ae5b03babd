"""The differences between two entries, as far as the columns hold them; the bytes of files are compared elsewhere."""

from collections.abc import Collection, Sequence
from enum import IntFlag
from functools import cache
from typing import NamedTuple, Protocol

from layerscope.analysis.content import Digests
from layerscope.analysis.tree.change import IMPLIED
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.model.entries import EntryTable, Kind, Permissions, implied_directory

_DEVICES = frozenset({Kind.CHAR, Kind.BLOCK})


class Aspect(IntFlag):
    """A way in which entries differ. A device's numbers are its content; the mode of a symlink never counts."""

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
    # A hundred thousand rows hold a handful of combinations, and testing the flags of each row is slow.
    return tuple(word for bit, word in _WORDS.items() if aspects & bit)


UNSETTLED = 128
"""A bit beside the aspects, set if two files have the same size, so that their bytes must be compared."""


class ComparedBytes(Protocol):
    """The bytes on both sides of a comparison; files are named by their occurrences."""

    def same(self, pairs: Sequence[tuple[int, int]]) -> Sequence[bool | None]:
        """Return for each pair of files of one size whether their bytes are equal; None if they cannot be read."""

    def digests(self, old: Collection[int], new: Collection[int]) -> tuple[Digests, Digests]:
        """Return digests of files of the old side and of the new one; files that cannot be read are missing."""


class EntryRow(NamedTuple):
    """The table and the row of an occurrence that is not a removal."""

    table: EntryTable
    row: int

    @property
    def kind(self) -> int:
        """The number of the kind."""
        return self.table.kinds[self.row]

    @property
    def permissions(self) -> Permissions:
        return self.table.permission_sets[self.table.permissions[self.row]]

    @property
    def mtime(self) -> int:
        """The modification time in seconds."""
        return self.table.mtimes[self.row]


def _implied_row() -> EntryRow:
    table = EntryTable()
    return EntryRow(table, table.append(implied_directory(b"")))


_IMPLIED_ROW = _implied_row()
"""The row of every directory without an entry of its own."""


def entry_row(tree: LayeredTree, occurrence: int) -> EntryRow:
    """Return the table and the row of an occurrence that is not a removal."""
    row = tree.index.rows[occurrence]
    return _IMPLIED_ROW if row == IMPLIED else EntryRow(tree.tables[tree.index.layers[occurrence]], row)


def difference(
    old_tree: LayeredTree,
    old: int,
    new_tree: LayeredTree,
    new: int,
    layers: tuple[int, int] | None = None,
    *,
    mtime: bool = False,
) -> int:
    """Return the aspects in which two present occurrences differ, and UNSETTLED if their bytes must be compared.

    A hard link has the content and the xattrs of the file that it names, since many builders state xattrs only there,
    and mode and owner of its own header; that it is a link, and to which path, is its ``LINK``. If the kinds differ,
    content and link are not compared. With ``mtime``, times count if both occurrences state one.
    With ``layers``, links are compared as the merged trees at these layers show them: a hard link that has the bytes of
    a file that is gone is none.
    """
    old_row, new_row = entry_row(old_tree, old), entry_row(new_tree, new)
    aspects = _metadata(old_row, new_row)
    if mtime and old_row is not _IMPLIED_ROW is not new_row and old_row.mtime != new_row.mtime:
        aspects |= Aspect.MTIME
    old_file, new_file = old_tree.file_behind(old), new_tree.file_behind(new)
    old_shown = old_row if old_file in (old, -1) else entry_row(old_tree, old_file)
    new_shown = new_row if new_file in (new, -1) else entry_row(new_tree, new_file)
    if old_shown.table.xattrs.get(old_shown.row) != new_shown.table.xattrs.get(new_shown.row):
        aspects |= Aspect.XATTRS
    if (old_file < 0) != (new_file < 0) or (old_file < 0 and old_row.kind != new_row.kind):
        return aspects | Aspect.KIND
    if old_file == old and new_file == new:
        return aspects | _content(old_tree, old_file, new_tree, new_file)
    stored = old_row.table.link(old_row.row), new_row.table.link(new_row.row)
    links = (old_tree.shown_link(old, layers[0]), new_tree.shown_link(new, layers[1])) if layers else stored
    # Where only another link took over the bytes, all further links to them would differ.
    if links[0] != links[1] and (stored[0] != stored[1] or None in links):
        aspects |= Aspect.LINK
    if old_file >= 0:
        return aspects | _content(old_tree, old_file, new_tree, new_file)
    if old_row.kind in _DEVICES and old_row.table.devices.get(old_row.row) != new_row.table.devices.get(new_row.row):
        aspects |= Aspect.CONTENT
    return aspects


def _metadata(old: EntryRow, new: EntryRow) -> int:
    aspects = 0
    old_permissions, new_permissions = old.permissions, new.permissions
    if old_permissions != new_permissions:
        if old_permissions[0] != new_permissions[0] and Kind.SYMLINK not in (old.kind, new.kind):
            aspects |= Aspect.MODE
        if old_permissions[1:] != new_permissions[1:]:
            aspects |= Aspect.OWNER
    return aspects


def _content(old_tree: LayeredTree, old: int, new_tree: LayeredTree, new: int) -> int:
    if old_tree is new_tree and old == new:
        return 0
    size = old_tree.own_size(old)
    if size != new_tree.own_size(new):
        return Aspect.CONTENT
    return UNSETTLED if size else 0


def settled(aspects: int, same: bool | None) -> Aspect:
    """Return the aspects once the bytes have been compared; bytes that cannot be read count as different."""
    return Aspect(aspects & ~UNSETTLED | (0 if same else Aspect.CONTENT))
