"""The ``tree`` document: the merged tree at a layer, with the marks of that layer."""

from collections.abc import Iterable, Iterator
from typing import TextIO, TypedDict

from layerscope.analysis.change import ChangeKind
from layerscope.analysis.layered_tree import LayeredTree
from layerscope.analysis.overlay import GONE, IMPLIED
from layerscope.model.entries import EntryTable, FileEntry, Kind
from layerscope.report.json_document import SCHEMA_VERSION, write_json_rows
from layerscope.report.tree_selection import TreeSelection
from layerscope.text import path_text

_KINDS = tuple(kind.word for kind in Kind)
_CHANGES = tuple(change.word for change in ChangeKind)
_IMPLIED_ROW = 0


class TreeEntry(TypedDict):
    """One path; of a removed one, what it was, with the layer that last wrote it."""

    path: str
    kind: str
    size: int
    mode: str
    uid: int
    gid: int
    mtime: int
    link: str | None
    change: str
    layer: int


def write_tree_document(tree: LayeredTree, selection: TreeSelection, file: TextIO) -> None:
    """Write the document row by row, sorted by path, or the largest first."""
    head = {"schema_version": SCHEMA_VERSION, "layer": selection.layer}
    write_json_rows(head, "entries", tree_entries(tree, selection), file)


def tree_entries(tree: LayeredTree, selection: TreeSelection) -> Iterator[TreeEntry]:
    """Yield the rows of the document."""
    found: Iterable[tuple[int, str]] = selection.by_path(tree)
    if selection.by_size:
        found = sorted(found, key=lambda row: _stated_size(tree, row[0], selection.layer), reverse=True)
    for node, path in found:
        yield _tree_entry(tree, node, selection.layer, path)


def _stated_size(tree: LayeredTree, node: int, layer: int) -> int:
    """Return the size that the row states: a directory has none of its own."""
    return 0 if tree.is_directory(node, layer) else tree.size(node, layer)


def _tree_entry(tree: LayeredTree, node: int, layer: int, path: str) -> TreeEntry:
    """Return the row of a node that the tree shows, straight from the columns: there may be a million."""
    index = tree.index
    found = index.occurrence(node, layer)
    standing = found - 1 if index.rows[found] == GONE else found
    writer, row = index.layers[standing], index.rows[standing]
    table = tree.tables[writer]
    if row == IMPLIED:
        table, row = _IMPLIED_TABLE, _IMPLIED_ROW
    kind = table.kinds[row]
    mode, uid, gid = table.permission_sets[table.permissions[row]]
    return {
        "path": path,
        "kind": _KINDS[kind],
        "size": table.sizes[row],
        "mode": f"{mode:04o}",
        "uid": uid,
        "gid": gid,
        "mtime": table.mtimes[row],
        "link": link_text(kind, table.link(row)) if kind in (Kind.SYMLINK, Kind.HARDLINK) else None,
        "change": _CHANGES[index.changes[found]] if index.layers[found] == layer else _CHANGES[ChangeKind.UNCHANGED],
        "layer": writer,
    }


def link_text(kind: int, target: bytes | None) -> str | None:
    """Return where a link leads: a symlink's target as it is, a hard link's as an absolute path."""
    if target is None:
        return None
    return path_text(target) if kind == Kind.HARDLINK else target.decode("utf-8", "surrogateescape")


def _implied_table() -> EntryTable:
    table = EntryTable()
    table.append(FileEntry(b"", Kind.DIR))
    return table


_IMPLIED_TABLE = _implied_table()
"""What a directory without an entry of its own is."""
