"""The ``tree`` document: the merged tree at a layer, with the marks of that layer."""

from collections.abc import Iterable, Iterator
from typing import TextIO

from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.model.entries import Kind
from layerscope.report.json_document import SCHEMA_VERSION, write_json_lines
from layerscope.report.tree.rows import printed_row
from layerscope.report.tree.selection import TreeSelection

_KINDS = tuple(kind.word for kind in Kind)
_CHANGES = tuple(change.word for change in ChangeKind)


def write_tree_document(tree: LayeredTree, selection: TreeSelection, file: TextIO) -> None:
    """Write the document row by row, sorted by path, or by size with the largest first."""
    head = {"schema_version": SCHEMA_VERSION, "layer": selection.layer}
    write_json_lines(head, "entries", entry_lines(tree, selection), file)


def entry_lines(tree: LayeredTree, selection: TreeSelection) -> Iterator[str]:
    """Yield the rows of the document, each as JSON; a removed path as it was, with the layer that last wrote it.

    The JSON is put together by hand: there may be a million rows, and dicts would take twice as long.
    """
    from json import JSONEncoder  # noqa: PLC0415  # 4 ms that the lines for people need not pay

    quoted = JSONEncoder().encode
    nodes: Iterable[tuple[int, str]] = selection.by_path(tree)
    if selection.by_size:
        nodes = sorted(nodes, key=lambda item: _stated_size(tree, item[0], selection.layer), reverse=True)
    for node, path in nodes:
        row = printed_row(tree, node, selection.layer, path)
        yield (
            f'{{"path": {quoted(row.path)}, "kind": "{_KINDS[row.kind]}", "size": {row.size}, "mode": "{row.mode:04o}",'
            f' "uid": {row.uid}, "gid": {row.gid}, "mtime": {"null" if row.mtime is None else row.mtime},'
            f' "link": {"null" if row.link is None else quoted(row.link)}, "change": "{_CHANGES[row.change]}",'
            f' "layer": {row.layer}{_copied_up(tree, node, selection)}}}'
        )


def _copied_up(tree: LayeredTree, node: int, selection: TreeSelection) -> str:
    """Return a field with the layer from which a container copied a path that it changed or removed."""
    if not selection.writable:
        return ""
    source = tree.layer_below(node, selection.layer)
    return "" if source is None else f', "copied_up_from": {source}'


def _stated_size(tree: LayeredTree, node: int, layer: int) -> int:
    """Return the size that the row states: 0 for a directory."""
    return 0 if tree.is_directory(node, layer) else tree.size(node, layer)
