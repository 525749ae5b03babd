"""The bytes of files, by occurrence in the path index, and their digests, computed on first use."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import closing
from functools import cached_property
from typing import TYPE_CHECKING

from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.errors import InvalidLayer
from layerscope.model.entries import EntryTable
from layerscope.model.image import Image, Layer
from layerscope.session.reading.known_layers import KnownLayers
from layerscope.session.reading.parallel import IsStopped
from layerscope.sources.layer.content import file_chunks, open_layer_content, stored_pieces

if TYPE_CHECKING:
    from layerscope.session.content.content_facts import ContentFacts
    from layerscope.session.content.content_pass import ContentPass
    from layerscope.session.content.known_content import KnownContent
    from layerscope.sources.layer.random_access import RandomContent


class Contents:
    """The content of the files of an image. A hard link has the content of its target.

    `chunks` and `digests` pass through a layer once; `read_range` and `prepare` read it at any offset, through what
    ``random_content`` returns for it. ``readable`` returns a layer, ready to be read. Digests and first bytes that are
    ``known`` are not computed again. Once ``is_stopped`` returns True, a long reading raises ReadingStopped. Safe for
    several threads.
    """

    def __init__(
        self,
        image: Image,
        tree: LayeredTree,
        *,
        readable: Callable[[Layer], Layer],
        random_content: "Callable[[Layer], RandomContent]",
        is_stopped: IsStopped,
        known: KnownLayers,
    ) -> None:
        self._image = image
        self._tree = tree
        self._read_from = readable
        self._random_content = random_content
        self._is_stopped = is_stopped
        self._known = known
        self._readable: dict[int, Layer] = {}
        self._digests: dict[tuple[int, bool], bytes | None] = {}

    def layer(self, number: int) -> Layer:
        """Return a layer, ready to be read; raises InvalidLayer where its content cannot be had."""
        layer = self._readable.get(number)
        if layer is None:
            layer = self._readable[number] = self._read_from(self._image.layers[number - 1])
        return layer

    def chunks(self, occurrence: int) -> Iterator[bytes]:
        """Yield the bytes of a file; raises FormatError if they cannot be read."""
        layer, row = self._layer_and_row(occurrence)
        with closing(open_layer_content(self.layer(layer), self._is_stopped)) as content:
            yield from file_chunks(content, self._tree.tables[layer], row)

    def size(self, occurrence: int) -> int:
        """Return the size of the file; raises InvalidLayer for a hard link without a target."""
        layer, row = self._layer_and_row(occurrence)
        return self._tree.tables[layer].sizes[row]

    def stored_ranges(self, occurrence: int) -> list[range]:
        """Return the ranges of a file that are stored, in ascending order; the rest is zeros."""
        layer, row = self._layer_and_row(occurrence)
        pieces = stored_pieces(self._tree.tables[layer], row)
        return [range(start, start + length) for start, _, length in pieces if length]

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

    @cached_property
    def sparse_sizes(self) -> frozenset[int]:
        """The sizes of all sparse files of the image."""
        return sparse_sizes(self._tree.tables)

    def expect(self, facts: "Iterator[tuple[Layer, ContentFacts]]") -> None:
        """Take facts that another process finds out, as soon as some are needed."""
        self._known_content.expect(facts)

    def digests(
        self, occurrences: Iterable[int], sparse_sizes: Collection[int] | None = None
    ) -> dict[int, bytes | None]:
        """Return a digest of each file, or None if it cannot be read; each layer is read once.

        Digests are equal if and only if the files are, for files that are digested with the same ``sparse_sizes``: by
        default those of this image, and those of both images to compare two.
        """
        sizes = self.sparse_sizes if sparse_sizes is None else sparse_sizes
        files = {occurrence: self.file(occurrence) for occurrence in occurrences}
        keys = {file: (file, self.size(file) in sizes) for file in files.values() if file is not None}
        missing = [file for file, key in keys.items() if key not in self._digests]
        if missing:
            content_pass = self.start_pass(sizes)
            content_pass.want_digests(missing)
            digests = content_pass.read().digests
            self._digests |= {keys[file]: digests.get(file) for file in missing}
        return {occurrence: None if file is None else self._digests[keys[file]] for occurrence, file in files.items()}

    def start_pass(self, sparse_sizes: Collection[int] | None = None) -> "ContentPass":
        """Return a pass over the content, for digests and first bytes of many files."""
        from layerscope.session.content.content_pass import ContentPass  # noqa: PLC0415  # hashes: a listing needs none

        sizes = self.sparse_sizes if sparse_sizes is None else sparse_sizes
        return ContentPass(
            self._image,
            self._tree.index,
            self._tree.tables,
            sizes,
            is_stopped=self._is_stopped,
            known=self._known_content,
            readable=self.layer,
        )

    @cached_property
    def _known_content(self) -> "KnownContent":
        from layerscope.session.content.known_content import KnownContent  # noqa: PLC0415  # as above

        return KnownContent(self._known)

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
        return self._random_content(self.layer(layer))


def sparse_sizes(tables: Mapping[int, EntryTable]) -> frozenset[int]:
    """Return the sizes of all sparse files of the layers."""
    return frozenset(table.sizes[row] for table in tables.values() for row in table.sparse)
