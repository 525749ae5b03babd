"""The rows of a tree that are printed, in their order, read from the columns: there may be a million."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from layerscope.analysis.tree.change import GONE, IMPLIED, ChangeKind
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.model.entries import EntryTable, Kind, implied_directory
from layerscope.text import path_text


@dataclass(frozen=True, slots=True)
class TreeSelection:
    """The tree after a layer with its marks; only some ``changes``, and only to a ``depth`` (1: the top level).

    If the layer is ``writable``, its rows name the layer that a path was copied up from.
    """

    layer: int
    changes: frozenset[ChangeKind] = frozenset(ChangeKind)
    depth: int | None = None
    by_size: bool = False
    writable: bool = False

    def preorder(self, tree: LayeredTree) -> Iterator[tuple[int, str]]:
        """Yield the selected nodes with their absolute paths, each folder before its contents."""
        return self._walk(tree, as_strings=False)

    def by_path(self, tree: LayeredTree) -> Iterator[tuple[int, str]]:
        """Yield them sorted by path as strings: ``/a``, ``/a-b``, ``/a/c``."""
        return self._walk(tree, as_strings=True)

    def _walk(self, tree: LayeredTree, *, as_strings: bool) -> Iterator[tuple[int, str]]:
        """Walk down from the root; a pending node is itself, or, with a slash after its path, its contents."""
        is_shown, layer, every_change = tree.is_shown, self.layer, len(self.changes) == len(ChangeKind)
        pending = self._below(tree, 0, "/", as_strings=as_strings)
        while pending:
            path, node = pending.pop()
            if path[-1] == "/":
                pending += self._below(tree, node, path, as_strings=as_strings)
            elif is_shown(node, layer) and (every_change or tree.index.change(node, layer) in self.changes):
                yield node, path

    def _below(self, tree: LayeredTree, folder: int, prefix: str, *, as_strings: bool) -> list[tuple[str, int]]:
        """Return the pending children of a folder, the first at the end."""
        index = tree.index
        pending: list[tuple[str, int]] = []
        for child in index.children(folder):
            path = prefix + index.name(child).decode("utf-8", "surrogateescape")
            pending.append((path, child))
            if index.ends[child] > child + 1 and self._goes_below(tree, child):
                pending.append((path + "/", child))
        if as_strings:
            pending.sort()
        pending.reverse()
        return pending

    def _goes_below(self, tree: LayeredTree, folder: int) -> bool:
        if self.depth is not None and tree.index.depths[folder] >= self.depth:
            return False
        return ChangeKind.UNCHANGED in self.changes or tree.index.touches_below(folder, self.layer)


class PrintedRow(NamedTuple):
    """One path; a removed one as it was before. ``kind`` and ``change`` are numbers, ``layer`` wrote it last."""

    path: str
    kind: int
    size: int
    mode: int
    uid: int
    gid: int
    mtime: int | None
    link: str | None
    change: int
    layer: int


def printed_row(tree: LayeredTree, node: int, layer: int, path: str) -> PrintedRow:
    """Return the row of a node that the tree of the layer shows; ``path`` is absolute."""
    index = tree.index
    occurrence = index.occurrence(node, layer)
    described = occurrence - 1 if index.rows[occurrence] == GONE else occurrence
    writer, row = index.layers[described], index.rows[described]
    if row == IMPLIED:
        table, row, mtime = _IMPLIED_TABLE, 0, None
    else:
        table = tree.tables[writer]
        mtime = table.mtimes[row]
    kind, size, link = table.kinds[row], table.sizes[row], None
    if kind in _LINKS:
        entry = tree.entry_at(described, b"", layer - (described != occurrence))
        kind, size, link = entry.kind, entry.size, link_text(entry.kind, entry.link)
    return PrintedRow(
        path,
        kind,
        size,
        *table.permission_sets[table.permissions[row]],
        mtime,
        link,
        index.changes[occurrence] if index.layers[occurrence] == layer else ChangeKind.UNCHANGED,
        writer,
    )


_LINKS = frozenset({Kind.SYMLINK, Kind.HARDLINK})


def link_text(kind: int, target: bytes | None) -> str | None:
    """Return the target of a link: a symlink's as it is, a hard link's as an absolute path."""
    if target is None:
        return None
    return path_text(target) if kind == Kind.HARDLINK else target.decode("utf-8", "surrogateescape")


def _implied_table() -> EntryTable:
    table = EntryTable()
    table.append(implied_directory(b""))
    return table


_IMPLIED_TABLE = _implied_table()
"""The metadata of a directory without an entry of its own."""
