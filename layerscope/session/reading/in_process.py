"""Reading the layers of an image in this process, for commands that need all of them."""

from collections import deque
from collections.abc import Iterator, Sequence

from layerscope.model.entries import LayerEntries
from layerscope.model.image import Compression, Layer
from layerscope.session.reading.known_layers import KnownLayers
from layerscope.session.reading.parallel import IsStopped, in_parallel
from layerscope.sources.layer.reader import read_layer


def read_whole(layer: Layer, is_stopped: IsStopped = bool) -> LayerEntries:
    """Return the entries of a layer, with its ``error`` if it could not be read whole.

    Raises ReadingStopped once ``is_stopped`` returns True.
    """
    entries = LayerEntries()
    deque(read_layer(layer, entries, is_stopped), maxlen=0)
    return entries


def read_layers(layers: Sequence[Layer], known: KnownLayers) -> Iterator[tuple[int, LayerEntries]]:
    """Yield the number and the entries of each layer, base first; compressed layers are read in parallel."""

    def read(layer: Layer, is_stopped: IsStopped = bool) -> LayerEntries:
        entries = known.entries(layer)
        if entries is None:
            entries = read_whole(layer, is_stopped)
            known.keep_entries(layer, entries)
        return entries

    compressed = [layer for layer in layers if layer.compression not in (Compression.NONE, None)]
    entries = in_parallel(read, layers) if len(compressed) > 1 else map(read, layers)
    yield from zip((layer.number for layer in layers), entries, strict=True)
