"""The bytes of files, by occurrence in the path index, and their digests, computed on first use."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.errors import InvalidLayer
from layerscope.model.image import Image, Layer
from layerscope.sources.layer.content import file_chunks, open_layer_content, stored_pieces

if TYPE_CHECKING:
    from layerscope.sources.layer.random_access import RandomContent


class Contents:
    """The content of the files of an image. A hard link has the content of its target.

    `chunks` and `digests` pass through a layer once; `read_range` and `prepare` read it at any offset, through what
    ``random_content`` returns for it. Safe for several threads.
    """

    def __init__(self, image: Image, tree: LayeredTree, random_content: "Callable[[Layer], RandomContent]") -> None:
        self._image = image
        self._tree = tree
        self._random_content = random_content
        self._digests: dict[int, bytes | None] = {}

    def chunks(self, occurrence: int) -> Iterator[bytes]:
        """Yield the bytes of a file; raises FormatError if they cannot be read."""
        layer, row = self._layer_and_row(occurrence)
        with closing(open_layer_content(self._image.layers[layer - 1])) as content:
            yield from file_chunks(content, self._tree.tables[layer], row)

    def size(self, occurrence: int) -> int:
        """Return the size of the file; raises InvalidLayer for a hard link without a target."""
        layer, row = self._layer_and_row(occurrence)
        return self._tree.tables[layer].sizes[row]

    def read_range(self, occurrence: int, offset: int, size: int) -> bytes:
        """Return ``size`` bytes of a file from an offset, fewer at its end; holes of a sparse file are zeros.

        The first read of a compressed layer decompresses everything before the offset; `prepare` does that for the
        whole layer. Raises FormatError if the bytes cannot be read.
        """
        layer, row = self._layer_and_row(occurrence)
        table = self._tree.tables[layer]
        end = min(offset + size, table.sizes[row])
        content, pieces, reached = self._content(layer), list[bytes](), offset
        for start, at, length in stored_pieces(table, row):
            low, high = max(start, offset), min(start + length, end)
            if low < high:
                pieces += (bytes(low - reached), content.read(at + low - start, high - low))
                reached = high
        return b"".join([*pieces, bytes(max(0, end - reached))])

    def prepare(self, occurrence: int) -> Iterator[int]:
        """Make every later `read_range` in the file's layer fast; yields the stored bytes done so far.

        The caller may stop at any yield.
        """
        layer, _ = self._layer_and_row(occurrence)
        return self._content(layer).prepare()

    def digests(self, occurrences: Iterable[int]) -> dict[int, bytes | None]:
        """Return the SHA-256 of each file, or None if it cannot be read; each layer is read once."""
        files = {occurrence: self.file(occurrence) for occurrence in occurrences}
        missing = {file for file in files.values() if file is not None and file not in self._digests}
        if missing:
            from layerscope.session.content.content_pass import ContentPass  # noqa: PLC0415  # hashlib: a listing needs none

            wanted = ContentPass(self._image, self._tree)
            wanted.want_digests(missing)
            self._digests |= {**dict.fromkeys(missing), **wanted.read().digests}
        return {occurrence: None if file is None else self._digests[file] for occurrence, file in files.items()}

    def file(self, occurrence: int) -> int | None:
        """Return the occurrence of the regular file, the target of a hard link included; None if there is none."""
        file = self._tree.file_behind(occurrence)
        return file if file >= 0 else None

    def _layer_and_row(self, occurrence: int) -> tuple[int, int]:
        file = self.file(occurrence)
        if file is None:
            raise InvalidLayer("the target of this hard link is not in the image")
        return self._tree.index.layers[file], self._tree.index.rows[file]

    def _content(self, layer: int) -> "RandomContent":
        return self._random_content(self._image.layers[layer - 1])
