"""The files of one layer, to copy many of them in one pass."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.model.image import Layer
from layerscope.sources.layer.content import LayerContent, open_layer_content, stored_chunks


class LayerFiles:
    """The regular files of an open layer. Asked for in the order of the tar, they cost one pass over the layer."""

    def __init__(self, content: LayerContent, tree: LayeredTree, layer: int) -> None:
        self._content = content
        self._table = tree.tables[layer]
        self._rows = tree.index.rows

    def size(self, file: int) -> int:
        """Return the size of a file, by occurrence."""
        return self._table.sizes[self._rows[file]]

    def stored_chunks(self, file: int) -> Iterator[tuple[int, bytes]]:
        """Yield the stored bytes of a file, each chunk with its offset in the file; all between them are zeros.

        Raises FormatError if they cannot be read.
        """
        return stored_chunks(self._content, self._table, self._rows[file])


@contextmanager
def open_layer_files(layer: Layer, tree: LayeredTree) -> Iterator[LayerFiles]:
    """Open the files of a layer of the tree; raises InvalidLayer if the layer is missing or cannot be opened."""
    with closing(open_layer_content(layer)) as content:
        yield LayerFiles(content, tree, layer.number)
