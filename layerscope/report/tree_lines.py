"""The tree for people: one line a path, so that it reads well and greps well."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TextIO

from layerscope.analysis.change import ChangeKind
from layerscope.analysis.layered_tree import LayeredTree, TreeRow
from layerscope.model.entries import FileEntry, Kind
from layerscope.report.screen import change_styles
from layerscope.report.tree_document import link_text
from layerscope.report.tree_selection import TreeSelection
from layerscope.text import human_size, mode_text, printable_name

_SIZE_WIDTH = len("999 MB")
_NO_SIZE = "-"
_ARROWS = {Kind.SYMLINK: " -> ", Kind.HARDLINK: " link to "}
"""What stands before the target of a link, in the words of ls and tar."""


def write_tree_lines(tree: LayeredTree, selection: TreeSelection, file: TextIO) -> None:
    """Write a line for each row: mark, permissions, owner, size, the layer that last wrote it, path.

    The size of a directory counts what is below it. Rows come folder by folder, or the largest first.
    """
    styles = change_styles(file)
    for change, line in tree_lines(tree, selection):
        before, after = styles[change]
        file.write(f"{before}{line}{after}\n")


def tree_lines(tree: LayeredTree, selection: TreeSelection) -> Iterator[tuple[ChangeKind, str]]:
    """Yield the lines, each with the change that it tells of."""
    layer = selection.layer
    found: Iterable[tuple[int, str]] = selection.preorder(tree)
    if selection.by_size:
        found = sorted(found, key=lambda item: tree.size(item[0], layer), reverse=True)
    owners = _owners(tree)
    owner_width = max(map(len, owners.values()), default=0)
    layer_width = len(str(max(tree.layers, default=0)))
    for node, path in found:
        row = tree.row(node, layer)
        if row is not None:
            entry = row.entry
            owner = owners.get((entry.uid, entry.gid)) or _owner(entry.uid, entry.gid)
            yield (
                row.change,
                (
                    f"{row.change.mark} {mode_text(entry.kind.letter, entry.mode)}  {owner:>{owner_width}}"
                    f"  {_size(tree, row, layer):>{_SIZE_WIDTH}}  {entry.layer:>{layer_width}}  {_name(entry, path)}"
                ),
            )


def _owners(tree: LayeredTree) -> Mapping[tuple[int, int], str]:
    """Return the owners there are, so that they can be lined up before all rows are known."""
    sets = [permissions for table in tree.tables.values() for permissions in table.permission_sets]
    return {(uid, gid): _owner(uid, gid) for _, uid, gid in sets}


def _owner(uid: int, gid: int) -> str:
    return f"{uid}:{gid}"


def _size(tree: LayeredTree, row: TreeRow, layer: int) -> str:
    if row.entry.kind is Kind.FILE:
        return human_size(row.entry.size)
    return human_size(tree.size(row.node, layer)) if row.entry.kind is Kind.DIR else _NO_SIZE


def _name(entry: FileEntry, path: str) -> str:
    name = printable_name(path)
    if entry.kind is Kind.DIR:
        return name + "/"
    target = link_text(entry.kind, entry.link)
    return name if target is None else f"{name}{_ARROWS[entry.kind]}{printable_name(target)}"
