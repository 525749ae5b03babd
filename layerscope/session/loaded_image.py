"""An image whose layers have been read."""

from collections.abc import Collection
from dataclasses import dataclass

from layerscope.analysis.content import Digests
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.model.entries import EntryTable
from layerscope.model.image import Image
from layerscope.session.content.contents import Contents
from layerscope.session.reading.stack import Tallies

_LARGEST_SPARSE = 64_000_000_000
"""A sparse file may claim any size for nothing; one that claims more bytes than this is not compared."""


@dataclass(frozen=True, slots=True)
class LoadedImage:
    """An image, its layers as one tree, the figures of each layer, and the content of its files.

    Every command and every screen works on it, whichever process has read the layers.
    """

    image: Image
    tree: LayeredTree
    tallies: Tallies
    contents: Contents

    def is_readable(self, file: int) -> bool:
        """Return whether a regular file is small enough to be read to its end."""
        table, row = self._table_row(file)
        return row not in table.sparse or table.sizes[row] <= _LARGEST_SPARSE

    def position(self, file: int) -> tuple[int, int, int]:
        """Return the layer of a regular file, its offset in that layer, and its size."""
        table, row = self._table_row(file)
        return self.tree.index.layers[file], table.data_offsets[row], table.sizes[row]

    def digests(self, files: Collection[int]) -> Digests:
        """Return the digests of those files that can be read."""
        digests = self.contents.digests([file for file in files if self.is_readable(file)])
        return {file: digest for file, digest in digests.items() if digest is not None}

    def _table_row(self, file: int) -> tuple[EntryTable, int]:
        return self.tree.tables[self.tree.index.layers[file]], self.tree.index.rows[file]
