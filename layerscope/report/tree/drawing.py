"""The guides of a tree that is drawn on a terminal, as ``tree`` draws them."""

from collections.abc import Iterator
from typing import NamedTuple

from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.report.tree.selection import TreeSelection


class Guides(NamedTuple):
    """The guides before the names: of an entry and of the last one, and those of the levels above it."""

    entry: str
    last: str
    beside: str
    below: str


_UNICODE, _ASCII = Guides("├── ", "└── ", "│   ", "    "), Guides("|-- ", "`-- ", "|   ", "    ")


def guides_for(encoding: str | None) -> Guides:
    """Return the guides that an encoding has."""
    try:
        "".join(_UNICODE).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return _ASCII
    return _UNICODE


def drawn(tree: LayeredTree, selection: TreeSelection, guides: Guides) -> Iterator[tuple[int, str, str]]:
    """Yield each selected node, and each folder that one is in, with its name and its guides.

    The entries of a folder are sorted by size or by name, as the selection says.
    """
    children = _children(tree, selection)
    pending = [(node, "", is_last) for node, is_last in _marked(children.get(0, []))]
    while pending:
        node, above, is_last = pending.pop()
        name = tree.index.name(node).decode("utf-8", "surrogateescape")
        yield node, name, above + (guides.last if is_last else guides.entry)
        below = above + (guides.below if is_last else guides.beside)
        pending += [(child, below, child_is_last) for child, child_is_last in _marked(children.get(node, []))]


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


def _marked(nodes: list[int]) -> Iterator[tuple[int, bool]]:
    """Yield nodes from the last to the first, each with whether it is the last one."""
    return ((node, number == 0) for number, node in enumerate(reversed(nodes)))
