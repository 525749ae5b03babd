"""The compressed layers of two images, read together: those that both hold with the very same bytes once.

Both images state the digest of such a layer, but that is a claim. A blob at the same place of the same file is the
same; others are compared, which takes a tenth of the time of decompressing one.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from msgspec.structs import replace

from layerscope.analysis.content import needed_of_file
from layerscope.analysis.packages.sizes import PACKAGES
from layerscope.errors import InvalidLayer
from layerscope.model.content_facts import ContentNeeds, FirstBytes
from layerscope.model.entries import LayerEntries
from layerscope.model.image import Compression, FileSpan, Layer
from layerscope.session.image_session import ImageSession
from layerscope.session.loaded_image import LoadedImage
from layerscope.session.reading.known_layers import KnownLayers
from layerscope.session.reading.layer_reading import read_as_ordered
from layerscope.sources.stream.compression import SpanFile
from layerscope.sources.tar.content_taker import HashedSizes

_CHUNK = 128 * 1024
"""Bytes of a read; more than a core's cache holds take longer."""

_Pair = tuple[Layer, Layer]
"""A layer of the old image, and one of the new image that states the same digest."""


def load_both(old: ImageSession, new: ImageSession) -> tuple[LoadedImage, LoadedImage]:
    """Load two images to compare them; the layers that both hold with the same bytes are read once for both."""
    needs = read_together(old.layers.known, new.layers.known, needed_of_file([PACKAGES]))
    return old.load(needs), new.load(needs)


def read_together(old: KnownLayers, new: KnownLayers, first_bytes: FirstBytes) -> ContentNeeds:
    """Read the compressed layers of two images, with the digests of files that are likely to be compared.

    ``first_bytes`` says what else to keep of files. Plain layers are left for later: to walk one takes less time than
    to compare it. So are those of both images if either is known as one tree. Return what is needed of those.
    """
    pairs, hashed = _layers_of_one_digest(old.layers, new.layers), HashedSizes()
    needs = ContentNeeds(hashed, first_bytes)
    if old.has_tree or new.has_tree:
        for old_layer, new_layer in pairs:
            if _have_same_bytes(old_layer, new_layer):
                old.share(old_layer, new, new_layer)
    else:
        _BothImages(old, new, pairs).read(needs, hashed)
    return needs


class _BothImages:
    """The compressed layers of two images; those of the new image have the numbers after those of the old one."""

    def __init__(self, old: KnownLayers, new: KnownLayers, pairs: Sequence[_Pair]) -> None:
        self._old = old
        self._new = new
        self._pairs = pairs
        self._same: list[_Pair] = []
        shared = {layer.digest for layer, _ in pairs}
        news = [self._numbered(layer) for layer in new.layers]
        self._layers = [layer for layer in (*old.layers, *news) if _is_compressed(layer)]
        self._unshared = [layer for layer in self._layers if layer.digest not in shared]

    def read(self, needs: ContentNeeds, hashed: HashedSizes) -> None:
        """Read the layers, first those that one image alone has: files of other sizes need not be hashed after that.

        Those of one digest are read for the old image, and compared while processes read the last ones.
        """
        missing, sizes = {layer.number for layer in self._unshared}, set[int]()
        if not missing:
            hashed.limit(sizes)
        for layer, read in read_as_ordered(self._layers, self._order(), self, needs):
            if isinstance(read, LayerEntries) and layer.number in missing:
                missing.remove(layer.number)
                sizes.update(read.table.sizes)
                if not missing:
                    hashed.limit(sizes)
        for old_layer, new_layer in self._same:
            self._old.share(old_layer, self._new, new_layer)
            entries = self._old.entries(old_layer)
            if entries is not None:
                self.keep_entries(self._numbered(new_layer), entries)

    def _order(self) -> Iterator[Layer]:
        yield from _largest_first(self._unshared)
        yield from _largest_first([layer for layer, _ in self._pairs])
        for pair in self._pairs:
            if _have_same_bytes(*pair):
                self._same.append(pair)
            else:
                yield self._numbered(pair[1])

    def entries(self, layer: Layer) -> LayerEntries | None:
        """Return the entries of a layer, if they are known to its image, which takes them."""
        known, own = self._owner(layer)
        entries = known.entries(own)
        if entries is not None:
            known.take_entries(own, entries)
        return entries

    def keep_entries(self, layer: Layer, entries: LayerEntries) -> None:
        known, own = self._owner(layer)
        known.keep_entries(own, entries)
        known.take_entries(own, entries)

    def _numbered(self, layer: Layer) -> Layer:
        return replace(layer, number=len(self._old.layers) + layer.number)

    def _owner(self, layer: Layer) -> tuple[KnownLayers, Layer]:
        position, olds = layer.number - 1, len(self._old.layers)
        if position < olds:
            return self._old, self._old.layers[position]
        return self._new, self._new.layers[position - olds]


def _largest_first(layers: Sequence[Layer]) -> Sequence[Layer]:
    """Return the layers so that no long one is left for one process at the end."""
    return sorted(layers, key=lambda layer: layer.blob_size or 0, reverse=True)


def _layers_of_one_digest(old: Sequence[Layer], new: Sequence[Layer]) -> Sequence[_Pair]:
    """Return the compressed layers for which both images state the same digest, each of them once."""
    by_digest = {layer.digest: layer for layer in old if layer.digest and _is_compressed(layer)}
    shared = ((by_digest.pop(layer.digest, None), layer) for layer in new if layer.digest and _is_compressed(layer))
    return [(old_layer, layer) for old_layer, layer in shared if old_layer is not None]


def _is_compressed(layer: Layer) -> bool:
    return layer.blob is not None and layer.compression not in (Compression.NONE, None)


def _have_same_bytes(old_layer: Layer, new_layer: Layer) -> bool:
    """Return whether reading one layer gives the entries of the other, too."""
    old, new = old_layer.blob, new_layer.blob
    if old is None or new is None or _is_broken(old_layer, old) or _is_broken(new_layer, new) or old.size != new.size:
        return False
    if (old.path, old.offset, old.version) == (new.path, new.offset, new.version):
        return True
    with ExitStack() as stack:
        try:
            files = [stack.enter_context(SpanFile(span)) for span in (old, new)]
            while (chunk := files[0].read1(_CHUNK)) == files[1].read1(_CHUNK):
                if not chunk:
                    for file in files:
                        file.check_unchanged()
                    return True
        except (OSError, InvalidLayer):
            # who reads the layer reports it
            return False
    return False


def _is_broken(layer: Layer, blob: FileSpan) -> bool:
    """Return whether the image says something about the layer that is no fact of its bytes."""
    return blob.truncated or layer.short or layer.problem is not None
