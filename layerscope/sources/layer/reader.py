"""Reads the entries of one layer: its blob, decompressed, walked."""

from collections.abc import Iterator

from layerscope.model.entries import LayerEntries
from layerscope.model.image import Layer
from layerscope.sources.tar.blocks import open_blocks
from layerscope.sources.tar.walk import walk


def read_layer(layer: Layer, entries: LayerEntries) -> Iterator[int]:
    """Fill ``entries`` from the layer, yielding the stored bytes that lie behind.

    Nothing is raised for what the image holds: a layer that cannot be read has the reason in ``entries.error``.
    """
    if layer.blob is None or layer.compression is None:
        entries.error = layer.problem or "its blob is not there"
        return
    try:
        blocks = open_blocks(layer.blob, layer.compression)
    except OSError as error:
        entries.error = f"cannot be read: {error.strerror}"
        return
    with blocks:
        yield from walk(blocks, entries)
    if layer.blob.truncated and entries.error is None:
        missing = layer.blob.stated_size - layer.blob.size
        entries.error = f"the archive ends {missing:,} bytes before the layer does"
