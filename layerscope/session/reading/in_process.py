"""Reads the layers of an image in this process: for commands that have nothing to do meanwhile."""

import os
from collections.abc import Callable, Iterator

from layerscope.model.entries import LayerEntries
from layerscope.model.image import Compression, Layer
from layerscope.sources.layer.reader import read_layer


def read_whole(layer: Layer, stopped: Callable[[], bool] = bool) -> LayerEntries:
    """Return the entries of a layer; its ``error`` says what could not be read. Once ``stopped``, it ends early."""
    entries = LayerEntries()
    for _ in read_layer(layer, entries):
        if stopped():
            break
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
    from threading import Event  # noqa: PLC0415

    end = Event()
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        futures = [pool.submit(read_whole, layer, end.is_set) for layer in layers]
        try:
            for layer, future in zip(layers, futures, strict=True):
                yield layer.number, future.result()
        finally:
            # after Ctrl+C nobody waits for gigabytes to be inflated
            end.set()
            pool.shutdown(cancel_futures=True)
