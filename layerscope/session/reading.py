"""Reads the layers of an image in this process: for commands that have nothing to do meanwhile."""

import os
from collections.abc import Iterator

from layerscope.model.entries import LayerEntries
from layerscope.model.image import Compression, Layer
from layerscope.sources.layer_reader import read_layer


def read_whole(layer: Layer) -> LayerEntries:
    """Return the entries of a layer; its ``error`` says what could not be read."""
    entries = LayerEntries()
    for _ in read_layer(layer, entries):
        pass
    return entries


def read_layers(layers: tuple[Layer, ...]) -> Iterator[tuple[int, LayerEntries]]:
    """Yield the number and the entries of each layer, base first.

    Compressed layers are read side by side: inflating them, which is most of the work, lets other threads run.
    """
    compressed = [layer for layer in layers if layer.compression not in (Compression.NONE, None)]
    if len(compressed) < 2:  # noqa: PLR2004  # nothing to read side by side
        for layer in layers:
            yield layer.number, read_whole(layer)
        return
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  # 5 ms, that plain layers do without

    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        try:
            for layer, entries in zip(layers, pool.map(read_whole, layers), strict=True):
                yield layer.number, entries
        finally:
            pool.shutdown(cancel_futures=True)
