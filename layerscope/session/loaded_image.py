"""An image whose layers have been read."""

from collections.abc import Collection
from typing import NamedTuple

from layerscope.analysis.content import Digests
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.model.entries import EntryTable
from layerscope.model.image import Image
from layerscope.session.content.contents import Contents

_LARGEST_SPARSE = 64_000_000_000
"""A sparse file may claim any size for nothing; one that claims more bytes than this is not compared."""


class LoadedImage(NamedTuple):
    """An image whose layers have been read, and what its files hold."""

    image: Image
    tree: LayeredTree
    contents: Contents

    def is_readable(self, file: int) -> bool:
        """Tell whether a regular file is small enough to be read to its end."""
        table, row = self._place(file)
        return row not in table.sparse or table.sizes[row] <= _LARGEST_SPARSE

    def position(self, file: int) -> tuple[int, int, int]:
        """Return where a regular file lies: its layer, its offset in there, and its size."""
        table, row = self._place(file)
        return self.tree.index.layers[file], table.data_offsets[row], table.sizes[row]

    def digests(self, files: Collection[int]) -> Digests:
        """Return the digests of those files that can be read."""
        found = self.contents.digests([file for file in files if self.is_readable(file)])
        return {file: digest for file, digest in found.items() if digest is not None}

    def _place(self, file: int) -> tuple[EntryTable, int]:
        return self.tree.tables[self.tree.index.layers[file]], self.tree.index.rows[file]
