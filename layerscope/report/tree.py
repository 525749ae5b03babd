"""The tree at a layer with the marks of that layer: a document, and for people lines or, on a terminal, a drawn tree.

In a pipe, one path a line greps well.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple, TextIO

from msgspec import UNSET, Struct, UnsetType

from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.model.entries import FileEntry, Kind
from layerscope.report.colors import write_colored
from layerscope.report.json_document import NO_LIMIT, Limit, Listing, write_document
from layerscope.report.tree_rows import TreeSelection, link_text, printed_row
from layerscope.text import human_size, mode_text, printable_name

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


SIZE_WIDTH = len("999 MB")
NO_SIZE = "-"
"""The width of a size, and what stands for one where there is none."""

_LETTERS = tuple(kind.letter for kind in Kind)
_MARKS = tuple(change.mark for change in ChangeKind)
_ARROWS: dict[int, str] = {Kind.SYMLINK: " -> ", Kind.HARDLINK: " link to "}
"""The words before the target of a link, as ls and tar write them."""


class Guides(NamedTuple):
    """The guides before the names: of an entry and of the last one, and those of the levels above it."""

    entry: str
    last: str
    beside: str
    below: str


_UNICODE, _ASCII = Guides("├── ", "└── ", "│   ", "    "), Guides("|-- ", "`-- ", "|   ", "    ")


def write_tree_lines(tree: LayeredTree, selection: TreeSelection, file: TextIO, limit: Limit = NO_LIMIT) -> None:
    """Write a line for each row: mark, permissions, owner, size, the layer that last wrote it, path.

    The size of a directory is that of everything below it. Rows are in the order of the selection; on a terminal, they
    are drawn as a tree, in which the order is that of the entries of each folder.
    """
    guides = guides_for(file.encoding) if file.isatty() else None
    write_colored(tree_lines(tree, selection, guides, limit), file)


def tree_lines(
    tree: LayeredTree, selection: TreeSelection, guides: Guides | None = None, limit: Limit = NO_LIMIT
) -> Iterator[tuple[ChangeKind, str]]:
    """Yield the lines, each with its kind of change; with ``guides``, they are drawn as a tree."""
    layer = selection.layer
    owners, layers = owner_width(tree), len(str(max(tree.layers, default=0)))
    rows = _listed(tree, selection) if guides is None else _drawn(tree, selection, guides)
    for node, path, guide in limit(rows):
        row = printed_row(tree, node, layer, path)
        size = human_size(tree.size(node, layer)) if row.kind in (Kind.FILE, Kind.DIR) or row.size else NO_SIZE
        name = name_and_target(row.path, row.kind, row.link)
        line = (
            f"{_MARKS[row.change]} {_permissions(row.kind, row.mode)}  {f'{row.uid}:{row.gid}':>{owners}}"
            f"  {size:>{SIZE_WIDTH}}  {row.layer:>{layers}}  {guide}{name}"
        )
        yield ChangeKind(row.change), line


def _listed(tree: LayeredTree, selection: TreeSelection) -> Iterator[tuple[int, str, str]]:
    nodes: Iterable[tuple[int, str]] = selection.preorder(tree)
    if selection.by_size:
        nodes = sorted(nodes, key=lambda item: tree.size(item[0], selection.layer), reverse=True)
    return ((node, path, "") for node, path in nodes)


def owner_width(tree: LayeredTree) -> int:
    """Return the width of the widest owner, from the columns: rows are written before all of them are known."""
    sets = [permissions for table in tree.tables.values() for permissions in table.permission_sets]
    return max((len(f"{uid}:{gid}") for _, uid, gid in sets), default=len("0:0"))


@lru_cache(maxsize=256)
def _permissions(kind: int, mode: int) -> str:
    return mode_text(_LETTERS[kind], mode)


def name_and_target(path: str, kind: int, link: str | None) -> str:
    """Return a path, safe for a screen, with a slash after that of a directory, and with the target of a link."""
    name = printable_name(path)
    if kind == Kind.DIR:
        return name + "/"
    return name if link is None else f"{name}{_ARROWS[kind]}{printable_name(link)}"


def guides_for(encoding: str | None) -> Guides:
    """Return the guides that an encoding has."""
    try:
        "".join(_UNICODE).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return _ASCII
    return _UNICODE


def _drawn(tree: LayeredTree, selection: TreeSelection, guides: Guides) -> Iterator[tuple[int, str, str]]:
    """Yield each selected node, and each folder that one is in, with its name and its guides.

    The entries of a folder are sorted by size or by name, as the selection says.
    """
    children = _children(tree, selection)
    pending = [(node, "", is_last) for node, is_last in _with_last(children.get(0, []))]
    while pending:
        node, above, is_last = pending.pop()
        name = tree.index.name(node).decode("utf-8", "surrogateescape")
        yield node, name, above + (guides.last if is_last else guides.entry)
        below = above + (guides.below if is_last else guides.beside)
        pending += [(child, below, child_is_last) for child, child_is_last in _with_last(children.get(node, []))]


def _children(tree: LayeredTree, selection: TreeSelection) -> dict[int, list[int]]:
    """Return by folder the entries to draw, in their order."""
    parents, nodes = tree.index.parents, set[int]()
    for selected, _ in selection.preorder(tree):
        node = selected
        while node and node not in nodes:
            nodes.add(node)
            node = parents[node]
    children: dict[int, list[int]] = {}
    for node in sorted(nodes):
        children.setdefault(parents[node], []).append(node)
    if selection.by_size:
        for entries in children.values():
            entries.sort(key=lambda node: tree.size(node, selection.layer), reverse=True)
    return children


def _with_last(nodes: list[int]) -> Iterator[tuple[int, bool]]:
    """Yield nodes from the last to the first, each with whether it is the last one."""
    return ((node, number == 0) for number, node in enumerate(reversed(nodes)))
