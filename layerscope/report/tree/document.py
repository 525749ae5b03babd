"""The ``tree`` document: the merged tree at a layer, with the marks of that layer."""

from collections.abc import Iterable, Iterator
from typing import TextIO

from msgspec import UNSET, Struct, UnsetType

from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.model.entries import FileEntry, Kind
from layerscope.report.json_document import NO_LIMIT, Limit, Listing, write_document
from layerscope.report.tree.selection import TreeSelection, link_text, printed_row

_KINDS = tuple(kind.word for kind in Kind)
_CHANGES = tuple(change.word for change in ChangeKind)


class TreeEntryPart(Struct):
    """A path after the layer; a removed one as it was before. ``layer`` wrote it last.

    The ``size`` of a hard link is 0, and ``link`` its target. Once the file that it names was removed or rewritten, the
    first hard link to it is a ``file`` with its size and without ``link``, and the ``link`` of others is that path.
    ``copied_up_from`` is the layer from which a container copied a path that it changed or removed.
    """

    path: str
    kind: str
    size: int
    mode: str
    uid: int
    gid: int
    mtime: int | None
    link: str | None
    change: str
    layer: int
    copied_up_from: int | UnsetType = UNSET


class TreeDocument(Listing, kw_only=True):
    """The whole document; the entries are sorted by path, or by size with the largest first."""

    layer: int
    entries: list[TreeEntryPart]


class EntryPart(Struct):
    """A path before or after a change; ``layer`` wrote it last."""

    kind: str
    size: int
    mode: str
    uid: int
    gid: int
    mtime: int | None
    link: str | None
    layer: int


def write_tree_document(tree: LayeredTree, selection: TreeSelection, file: TextIO, limit: Limit = NO_LIMIT) -> None:
    """Write the document row by row."""
    document = TreeDocument(layer=selection.layer, entries=[])
    write_document(document, file, tree_entries(tree, selection, limit), limit)


def tree_entries(tree: LayeredTree, selection: TreeSelection, limit: Limit = NO_LIMIT) -> Iterator[TreeEntryPart]:
    """Yield the rows of the document."""
    nodes: Iterable[tuple[int, str]] = selection.by_path(tree)
    if selection.by_size:
        nodes = sorted(nodes, key=lambda item: _stated_size(tree, item[0], selection.layer), reverse=True)
    for node, path in limit(nodes):
        yield entry_row(tree, selection, node, path)


def entry_row(tree: LayeredTree, selection: TreeSelection, node: int, path: str) -> TreeEntryPart:
    """Return the row of a node that the tree of the layer shows; ``path`` is absolute."""
    _, kind, size, mode, uid, gid, mtime, link, change, layer = printed_row(tree, node, selection.layer, path)
    part = TreeEntryPart(path, _KINDS[kind], size, f"{mode:04o}", uid, gid, mtime, link, _CHANGES[change], layer)
    if selection.writable and (source := tree.layer_before(node, selection.layer)) is not None:
        part.copied_up_from = source
    return part


def _stated_size(tree: LayeredTree, node: int, layer: int) -> int:
    """Return the size that the row states: 0 for a directory."""
    return 0 if tree.is_directory(node, layer) else tree.size(node, layer)


def entry_part(entry: FileEntry) -> EntryPart:
    """Return the fields of an entry."""
    owner, mtime = (entry.uid, entry.gid), None if entry.row is None else entry.mtime
    link = link_text(entry.kind, entry.link)
    return EntryPart(entry.kind.word, entry.size, f"{entry.mode:04o}", *owner, mtime, link, entry.layer)
