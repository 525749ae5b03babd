"""Layers that two images hold with the very same bytes, so that one reading serves both.

Both images state the digest of such a layer, but that is a claim. A blob at the same place of the same file is the
same; others are compared, which takes a tenth of the time of decompressing one.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from msgspec import Struct

from layerscope.errors import InvalidLayer
from layerscope.model.image import Compression, Layer
from layerscope.model.span import FileSpan
from layerscope.sources.stream.span_file import SpanFile

if TYPE_CHECKING:
    from layerscope.model.entries import LayerEntries
    from layerscope.session.content.content_facts import ContentFacts

_CHUNK = 128 * 1024
"""Bytes of a read; more than a core's cache holds take longer."""


class SharedLayer(Struct):
    """A layer that one image has read for the other: the ``entries``, which it takes, and facts about the files."""

    entries: "LayerEntries | None" = None
    facts: "ContentFacts | None" = None


def shared_layers(old: Sequence[Layer], new: Sequence[Layer]) -> tuple[dict[int, SharedLayer], dict[int, SharedLayer]]:
    """Return the compressed layers that both images have, by their numbers in the old one and in the new one.

    Plain layers are left out: walking one twice reads less than comparing it.
    """
    by_digest = {layer.digest: layer for layer in old if layer.digest and _is_compressed(layer)}
    in_old, in_new = dict[int, SharedLayer](), dict[int, SharedLayer]()
    for layer in new:
        other = by_digest.pop(layer.digest, None) if layer.digest else None
        if other is not None and _is_compressed(layer) and _have_same_bytes(other.blob, layer.blob):
            in_old[other.number] = in_new[layer.number] = SharedLayer()
    return in_old, in_new


def _is_compressed(layer: Layer) -> bool:
    return layer.blob is not None and layer.compression not in (Compression.NONE, None)


def _have_same_bytes(old: FileSpan | None, new: FileSpan | None) -> bool:
    if old is None or new is None or old.size != new.size or old.truncated or new.truncated:
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
