"""An image whose layers have been read, the content of its files, and the paths in it that a user names."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from layerscope.analysis.content import Digests
from layerscope.analysis.tree.image_links import followed
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.path_history import holding_layers
from layerscope.analysis.tree.tally import Tallies
from layerscope.errors import InvalidLayer, UsageError
from layerscope.model.content_facts import WHOLE
from layerscope.model.entries import NO_TARGET, EntryTable
from layerscope.model.image import Image
from layerscope.model.raw_entry import RawEntry
from layerscope.session.content.open_layers import OpenLayers
from layerscope.sources.layer.content import (
    blob_start,
    file_chunks,
    stored_chunks,
    stored_pieces,
    tar_chunks,
)
from layerscope.text import path_bytes, plural, printable_name, typed_names

if TYPE_CHECKING:
    from layerscope.session.content.content_reader import ContentReader, ReadFile

StoredChunks = Callable[[int], Iterator[tuple[int, bytes]]]
"""A function from the occurrence of a file to its stored bytes, in chunks with their offsets; the rest is zeros."""


class FileContents:
    """The content of the files of an image, by occurrence. A hard link has the content of its target.

    `chunks`, `digests` and `prefixes` pass through a layer once; `read_range` and `prepare` read it at any offset. Once
    the reading of the layers is stopped, a long reading raises ReadingStopped. Safe for several threads.
    """

    def __init__(self, layers: OpenLayers, tree: LayeredTree) -> None:
        self._layers = layers
        self._tree = tree
        self._unreadable: set[tuple[int, bool]] = set()
        """Files whose digest could not be computed, and whether it was to cover what is stored of them."""

    def chunks(self, occurrence: int) -> Iterator[bytes]:
        """Yield the bytes of a file; raises FormatError if they cannot be read."""
        layer, row = self._layer_and_row(occurrence)
        with closing(self._layers.table_content(layer) or self._layers.content(layer)) as content:
            yield from file_chunks(content, self._tree.tables[layer], row)

    @contextmanager
    def open_layer(self, layer: int) -> Iterator[StoredChunks]:
        """Open a layer to read many of its files: in the order of the tar, they cost one pass over it.

        Raises InvalidLayer if the layer is missing or cannot be opened; the function raises FormatError.
        """
        table, rows = self._tree.tables[layer], self._tree.index.rows
        with closing(self._layers.content(layer)) as content:
            yield lambda file: stored_chunks(content, table, rows[file])

    def raw_entries(self, layer: int) -> Iterator[RawEntry]:
        """Yield the entries of a layer's tar down to their bytes, in one pass; raises FormatError."""
        from layerscope.sources.tar.raw_entries import raw_entries  # noqa: PLC0415  # 10 ms: hashes, as for `reader`

        return raw_entries(tar_chunks(self._layers.readable(layer), self._layers.is_stopped))

    def blob_start(self, layer: int, size: int) -> bytes:
        """Return the first bytes of a layer's blob as it is stored, none where it is not here; raises FormatError."""
        return blob_start(self._layers.image.layers[layer - 1], size)

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
        content, pieces, reached = self._layers.random_content(layer), list[bytes](), offset
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
        return self._layers.random_content(layer).prepare()

    @cached_property
    def sparse_sizes(self) -> frozenset[int]:
        return sparse_sizes(self._tree.tables)

    def digests(self, occurrences: Iterable[int], sparse_sizes: Collection[int] | None = None) -> Digests:
        """Return a digest of each file that can be read; each layer is read once.

        Digests are equal if and only if the files are, for files that are digested with the same ``sparse_sizes``: by
        default those of this image, and those of both images to compare two.
        """
        sizes = self.sparse_sizes if sparse_sizes is None else sparse_sizes
        files = {occurrence: file for occurrence in occurrences if (file := self.file(occurrence)) is not None}
        keys = {file: (file, self.size(file) in sizes) for file in files.values()}
        wanted = {file: WHOLE for file, key in keys.items() if key not in self._unreadable}
        digests, _ = self.reader(sizes).read(wanted, {})
        self._unreadable.update(keys[file] for file in wanted.keys() - digests.keys())
        return {occurrence: digests[file] for occurrence, file in files.items() if file in digests}

    def prefixes(self, occurrences: Iterable[int], size: int) -> Mapping[int, bytes | None]:
        """Return the first ``size`` bytes of each file, all of a smaller one; None if they cannot be read."""
        files = {occurrence: self._tree.file_behind(occurrence) for occurrence in occurrences}
        _, prefixes = self.reader().read({}, {file: size for file in files.values() if file >= 0})
        return {occurrence: prefixes.get(file) for occurrence, file in files.items()}

    def reader(
        self, sparse_sizes: Collection[int] | None = None, read_file: "ReadFile | None" = None
    ) -> "ContentReader":
        """Return what reads digests and first bytes of many files in one pass, or what ``read_file`` finds in them."""
        from layerscope.session.content.content_reader import ContentReader  # noqa: PLC0415  # 10 ms: hashes, which a listing does not need

        sizes = self.sparse_sizes if sparse_sizes is None else sparse_sizes
        return ContentReader(self._layers, self._tree.index, self._tree.tables, sizes, read_file=read_file)

    def file(self, occurrence: int) -> int | None:
        """Return the occurrence of the regular file, the target of a hard link included; None if there is none."""
        file = self._tree.file_behind(occurrence)
        return file if file >= 0 else None

    def position(self, file: int) -> tuple[int, int, int]:
        """Return the layer of a regular file, its offset in that layer, and its size."""
        layer, row = self._tree.index.layers[file], self._tree.index.rows[file]
        table = self._tree.tables[layer]
        return layer, table.data_offsets[row], table.sizes[row]

    def _layer_and_row(self, occurrence: int) -> tuple[int, int]:
        file = self.file(occurrence)
        if file is None:
            raise InvalidLayer(NO_TARGET)
        return self._tree.index.layers[file], self._tree.index.rows[file]


def sparse_sizes(tables: Mapping[int, EntryTable]) -> frozenset[int]:
    """Return the sizes of all sparse files of the layers."""
    return frozenset(table.sizes[row] for table in tables.values() for row in table.sparse)


class LoadedImage(Struct, frozen=True):
    """An image, its layers as one tree, the figures of each layer, and the content of its files.

    Every command and every screen works on it, whichever process has read the layers.
    """

    image: Image
    tree: LayeredTree
    tallies: Tallies
    contents: FileContents

    def __repr__(self) -> str:
        """Name the image: Textual describes a worker by its arguments, and a tree has millions of values."""
        return f"LoadedImage({self.image.reference!r})"


def loaded_image(layers: OpenLayers, tree: LayeredTree, tallies: Tallies) -> LoadedImage:
    """Return an open image whose layers have been read, by whichever process."""
    return LoadedImage(layers.image, tree, tallies, FileContents(layers, tree))


def layer_number(image: Image, number: int | None) -> int:
    """Return the number of a layer, by default of the last one; raises UsageError if there is no such layer."""
    count = len(image.layers)
    if number is None:
        return count
    if not 1 <= number <= count:
        raise UsageError(f"{image.reference} has no layer {number}: it has {plural(count, 'layer')}")
    return number


def typed_paths(path: str) -> list[bytes]:
    """Return the relative paths that a user may mean: the path as typed, then a path that is printed so."""
    return [path_bytes(name.decode("utf-8", "surrogateescape")) for name in typed_names(path)]


def known_node(loaded: LoadedImage, path: str, layer: int) -> int:
    """Return the node of a path that any layer holds; raises UsageError if none does.

    A path through symlinked folders, such as ``/bin/sh``, is resolved as they are after the layer.
    """
    tree, candidates = loaded.tree, typed_paths(path)
    for candidate in candidates:
        node = tree.index.find(candidate)
        if node is None:
            node = _through_links(tree, candidate, layer)
        if node is not None:
            return node
    is_whole = all(tally.error is None for tally in loaded.tallies.layers.values())
    layers = "no layer of the image" if is_whole else "no layer that could be read"
    raise UsageError(f"/{printable_name(candidates[0])} is in {layers}")


def _through_links(tree: LayeredTree, path: bytes, layer: int) -> int | None:
    """Return the node of a path whose folders are symlinks after the layer, or None if they lead to no such name."""
    parent, _, name = path.rpartition(b"/")
    folder = followed(tree, layer, parent)
    return None if folder is None else tree.index.child(folder, name)


def present_node(loaded: LoadedImage, path: str, layer: int) -> int:
    """Return the node of a path that exists after the layer, also through symlinked folders.

    Raises UsageError, which names the layers that hold the path.
    """
    tree, node = loaded.tree, known_node(loaded, path, layer)
    if not tree.is_present(node, layer):
        # the folder may have been replaced by a symlink whose target has the path
        through = _through_links(tree, tree.index.path(node), layer)
        if through is not None and tree.is_present(through, layer):
            return through
        name, layers = printable_name(tree.index.path(node)), holding_layers(tree, node)
        raise UsageError(f"/{name} does not exist after layer {layer}: {_held_by(layers)}")
    return node


def _held_by(layers: tuple[int, ...]) -> str:
    if not layers:
        return "no layer holds it to its end"
    numbers = ", ".join(str(layer) for layer in layers)
    return f"layer {numbers} holds it" if len(layers) == 1 else f"layers {numbers} hold it"
