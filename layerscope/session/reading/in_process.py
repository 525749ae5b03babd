"""Reading the layers of an image in this process, for commands that need all of them."""

import os
from collections.abc import Callable, Iterator

from layerscope.model.entries import LayerEntries
from layerscope.model.image import Compression, Layer
from layerscope.sources.layer.reader import read_layer


def read_whole(layer: Layer, stopped: Callable[[], bool] = bool) -> LayerEntries:
    """Return the entries of a layer, with its ``error`` if it could not be read whole. Once ``stopped``, end early."""
    entries = LayerEntries()
    for _ in read_layer(layer, entries):
        if stopped():
            break
    return entries


def read_layers(layers: tuple[Layer, ...]) -> Iterator[tuple[int, LayerEntries]]:
    """Yield the number and the entries of each layer, base first.

    Compressed layers are read in parallel: decompression, which is most of the work, releases the interpreter lock.
    """
    compressed = [layer for layer in layers if layer.compression not in (Compression.NONE, None)]
    if len(compressed) < 2:  # noqa: PLR2004  # one layer cannot be read in parallel
        for layer in layers:
            yield layer.number, read_whole(layer)
        return
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  # 5 ms, which plain layers do not need
    from threading import Event  # noqa: PLC0415

    end = Event()
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        futures = [pool.submit(read_whole, layer, end.is_set) for layer in layers]
        try:
            for layer, future in zip(layers, futures, strict=True):
                yield layer.number, future.result()
        finally:
            # after Ctrl+C, do not wait until gigabytes are decompressed
            end.set()
            pool.shutdown(cancel_futures=True)
