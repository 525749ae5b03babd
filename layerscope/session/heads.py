"""The first bytes of many files at once: each layer is passed through once."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from layerscope.analysis.layered_tree import LayeredTree
from layerscope.errors import FormatError
from layerscope.model.entries import EntryTable, Kind
from layerscope.model.image import Image
from layerscope.sources.layer_content import LayerContent, file_chunks, open_layer_content


def read_heads(image: Image, tree: LayeredTree, occurrences: Iterable[int], size: int) -> dict[int, bytes | None]:
    """Return the first ``size`` bytes of each file, all there are of a smaller one; None where they cannot be read."""
    index = tree.index
    files = {occurrence: tree.file_behind(occurrence) for occurrence in occurrences}
    found: dict[int, bytes | None] = {}

    def place(file: int) -> tuple[int, int]:
        return index.layers[file], tree.tables[index.layers[file]].data_offsets[index.rows[file]]

    wanted = {file for file in files.values() if file >= 0 and tree.kind(file) is Kind.FILE}
    for layer, group in groupby(sorted(wanted, key=place), key=index.layers.__getitem__):
        table = tree.tables[layer]
        try:
            with open_layer_content(image.layers[layer - 1]) as content:
                for file in group:
                    found[file] = b"".join(_first(content, table, index.rows[file], size))
        except FormatError:
            # what lies behind the break cannot be read either
            continue
    return {occurrence: found.get(file) for occurrence, file in files.items()}


def _first(content: LayerContent, table: EntryTable, row: int, size: int) -> Iterator[bytes]:
    """Yield the first bytes of a file."""
    if row not in table.sparse:
        yield from content.chunks(table.data_offsets[row], min(size, table.sizes[row]))
        return
    for chunk in file_chunks(content, table, row):
        yield chunk[:size]
        size -= len(chunk)
        if size <= 0:
            return
