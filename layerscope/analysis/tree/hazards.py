"""Paths of the final image that some systems cannot hold: names that differ only in case, and impossible entries."""

from collections.abc import Iterator

from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.model.entries import NO_TARGET, Kind, impossible


def colliding_names(tree: LayeredTree) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield two paths in one folder that differ only in case, after the layer that wrote the later of them."""
    index, last = tree.index, tree.layers[-1] if tree.layers else 0
    first_nodes: dict[tuple[int, bytes], int] = {}
    for node in range(1, len(index)):
        name = index.name(node)
        folded = _folded(name)
        if folded == name or not tree.is_present(node, last):
            continue
        folder = index.parents[node]
        other: int | None = first_nodes.setdefault((folder, folded), node)
        if other == node:
            other = index.child(folder, folded)
        if other is not None and tree.is_present(other, last):
            layer = max(index.layers[index.occurrence(each, last)] for each in (other, node))
            yield layer, index.path(other), index.path(node)


def _folded(name: bytes) -> bytes:
    if name.isascii():
        return name.lower()
    return name.decode("utf-8", "surrogateescape").casefold().encode("utf-8", "surrogateescape")


def impossible_entries(tree: LayeredTree) -> Iterator[tuple[int, bytes, str]]:
    """Yield the layer and the path of each entry that cannot be written to any disk, and the reason."""
    index, last = tree.index, tree.layers[-1] if tree.layers else 0
    for node in range(1, len(index)):
        occurrence = index.occurrence(node, last)
        row = index.rows[occurrence]
        if occurrence < 0 or row < 0:
            continue
        kind = tree.tables[index.layers[occurrence]].kinds[row]
        if kind in _ALWAYS_POSSIBLE:
            continue
        target = tree.linked(occurrence)
        if target < 0 or tree.kind(target) is Kind.DIR:
            reason: str | None = NO_TARGET
        else:
            reason = impossible(tree.entry_of(occurrence, node))
        if reason is not None:
            yield index.layers[occurrence], index.path(node), reason


_ALWAYS_POSSIBLE = (Kind.FILE, Kind.DIR)
