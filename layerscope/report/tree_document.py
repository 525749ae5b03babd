"""The ``tree`` document: the merged tree at a layer, with the marks of that layer."""

from collections.abc import Iterable, Iterator
from typing import TextIO, TypedDict

from layerscope.analysis.change import ChangeKind
from layerscope.analysis.layered_tree import LayeredTree
from layerscope.model.entries import Kind
from layerscope.report.json_document import SCHEMA_VERSION, write_json_rows
from layerscope.report.tree_rows import PrintedRow, printed_row
from layerscope.report.tree_selection import TreeSelection

_KINDS = tuple(kind.word for kind in Kind)
_CHANGES = tuple(change.word for change in ChangeKind)


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
        found = sorted(found, key=lambda item: _stated_size(tree, item[0], selection.layer), reverse=True)
    for node, path in found:
        yield _entry(printed_row(tree, node, selection.layer, path))


def _stated_size(tree: LayeredTree, node: int, layer: int) -> int:
    """Return the size that the row states: a directory has none of its own."""
    return 0 if tree.is_directory(node, layer) else tree.size(node, layer)


def _entry(row: PrintedRow) -> TreeEntry:
    return {
        "path": row.path,
        "kind": _KINDS[row.kind],
        "size": row.size,
        "mode": f"{row.mode:04o}",
        "uid": row.uid,
        "gid": row.gid,
        "mtime": row.mtime,
        "link": row.link,
        "change": _CHANGES[row.change],
        "layer": row.layer,
    }
