"""The files that the final image shows; together with the dead files they are all content."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.model.columns import Ints, picked
from layerscope.model.entries import Kind


@dataclass(frozen=True, slots=True)
class LiveFiles:
    """Every regular file whose bytes the final image shows, once each, including empty ones; columns by path.

    ``nodes``: the file's own path, or that of the first hard link to it if its own path is gone; ``occurrences``: the
    file; ``layers``: the layer that wrote it; ``sizes`` in bytes.
    """

    nodes: Ints
    occurrences: Ints
    layers: Ints
    sizes: Ints

    def __len__(self) -> int:
        return len(self.nodes)

    def below(self, node: int, end: int) -> range:
        """Return the positions of the files from a node to before another: with `PathIndex.ends`, those of a folder."""
        return range(bisect_left(self.nodes, node), bisect_left(self.nodes, end))


def live_files(tree: LayeredTree, at: int | None = None) -> LiveFiles:
    """Return the files of the merged tree at a layer, by default the last."""
    firsts, rows, layers = tree.index.firsts, tree.index.rows, tree.index.layers
    kinds = {layer: table.kinds for layer, table in tree.tables.items()}
    is_file, is_link = Kind.FILE.value, Kind.HARDLINK.value
    nodes, files, links = list[int](), list[int](), list[tuple[int, int]]()
    # the root is no file, and the last entry of `firsts` is the end of the last node
    lasts = [end - 1 for end in islice(firsts, 2, None)]
    if at is not None and at < max(tree.layers, default=0):
        lasts = [tree.index.occurrence(node, at) for node in range(1, len(tree.index))]
    columns = islice(firsts, 1, None), lasts, picked(rows, lasts), picked(layers, lasts)
    for node, (first, last, row, layer) in enumerate(zip(*columns, strict=False), 1):
        if row < 0 or first > last:
            continue
        kind = kinds[layer][row]
        if kind == is_file:
            nodes.append(node)
            files.append(last)
        elif kind == is_link:
            links.append((node, last))
    if carried := _carried(tree, files, links):
        nodes += [node for node, _ in carried]
        files += [file for _, file in carried]
        order = sorted(range(len(nodes)), key=nodes.__getitem__)
        nodes, files = list(picked(nodes, order)), list(picked(files, order))
    sizes = {layer: table.sizes for layer, table in tree.tables.items()}
    writers = picked(layers, files)
    return LiveFiles(
        array("I", nodes),
        array("I", files),
        array("H", writers),
        array("q", [sizes[layer][row] for layer, row in zip(writers, picked(rows, files), strict=True)]),
    )


def _carried(tree: LayeredTree, files: Iterable[int], links: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the files whose own path is gone, each with the node of the first hard link to it.

    ``links`` are the nodes of hard links with their occurrences, ``files`` those whose own path is there.
    """
    carried: list[tuple[int, int]] = []
    known = set(files) if links else set[int]()
    for node, link in links:
        file = tree.file_behind(link)
        if file >= 0 and file not in known:
            known.add(file)
            carried.append((node, file))
    return carried
