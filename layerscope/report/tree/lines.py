"""The tree for people: on a terminal drawn with guides, in a pipe one path a line, which greps well."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple, TextIO

from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.model.entries import Kind
from layerscope.report.colors import write_colored
from layerscope.report.json_document import NO_LIMIT, Limit
from layerscope.report.tree.selection import TreeSelection, printed_row
from layerscope.text import human_size, mode_text, printable_name

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
