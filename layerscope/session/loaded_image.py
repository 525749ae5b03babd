"""An image whose layers have been read."""

from collections.abc import Collection

from msgspec import Struct

from layerscope.analysis.content import Digests
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.tally import Tallies
from layerscope.model.entries import EntryTable
from layerscope.model.image import Image
from layerscope.session.content.contents import Contents


class LoadedImage(Struct, frozen=True):
    """An image, its layers as one tree, the figures of each layer, and the content of its files.

    Every command and every screen works on it, whichever process has read the layers.
    """

    image: Image
    tree: LayeredTree
    tallies: Tallies
    contents: Contents

    def __repr__(self) -> str:
        """Name the image: Textual describes a worker by its arguments, and a tree has millions of values."""
        return f"LoadedImage({self.image.reference!r})"

    def position(self, file: int) -> tuple[int, int, int]:
        """Return the layer of a regular file, its offset in that layer, and its size."""
        table, row = self._table_row(file)
        return self.tree.index.layers[file], table.data_offsets[row], table.sizes[row]

    def digests(self, files: Collection[int], sparse_sizes: Collection[int] | None = None) -> Digests:
        """Return the digests of those files that can be read, as `Contents.digests` does."""
        digests = self.contents.digests(files, sparse_sizes)
        return {file: digest for file, digest in digests.items() if digest is not None}

    def _table_row(self, file: int) -> tuple[EntryTable, int]:
        return self.tree.tables[self.tree.index.layers[file]], self.tree.index.rows[file]
