"""The entries of one layer, read from its blob."""

from collections.abc import Iterator
from contextlib import closing

from layerscope.errors import os_reason
from layerscope.model.entries import LayerEntries
from layerscope.model.image import Layer
from layerscope.sources.tar.blocks import open_blocks
from layerscope.sources.tar.walk import walk


def read_layer(layer: Layer, entries: LayerEntries) -> Iterator[int]:
    """Fill ``entries`` from the layer, and yield the number of stored bytes read, now and then.

    Nothing in the image makes it raise: where the layer cannot be read, ``entries.error`` is the reason.
    """
    if layer.blob is None or layer.compression is None:
        entries.error = layer.problem or "its blob is missing"
        return
    try:
        blocks = open_blocks(layer.blob, layer.compression)
    except OSError as error:
        entries.error = f"cannot read its blob: {os_reason(error)}"
        return
    with closing(blocks):
        yield from walk(blocks, entries)
    if layer.blob.truncated and entries.error is None:
        missing = layer.blob.stated_size - layer.blob.size
        entries.error = f"the archive ends {missing:,} bytes before the layer does"
