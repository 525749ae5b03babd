"""The rows of a tree as lines and documents print them, read from the columns: there may be a million."""

from typing import NamedTuple

from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.occurrence import GONE, IMPLIED
from layerscope.model.entries import EntryTable, Kind, implied_directory
from layerscope.text import path_text


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
    kind = table.kinds[row]
    return PrintedRow(
        path,
        kind,
        table.sizes[row] if kind != Kind.HARDLINK else tree.size(node, layer),
        *table.permission_sets[table.permissions[row]],
        mtime,
        _link(kind, table.link(row)) if kind in _LINKS else None,
        index.changes[occurrence] if index.layers[occurrence] == layer else ChangeKind.UNCHANGED,
        writer,
    )


_LINKS = frozenset({Kind.SYMLINK, Kind.HARDLINK})


def _link(kind: int, target: bytes | None) -> str | None:
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
