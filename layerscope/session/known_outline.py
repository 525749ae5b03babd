"""The outline of a compressed archive: from the cache, and kept in it for the next run.

It serves the file that it was made from alone, as what is kept of the layers does.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from layerscope.cache.cache import Cache, RecordKind
from layerscope.cache.identity import span_identity
from layerscope.errors import FormatError
from layerscope.model.image import Layer
from layerscope.model.span import FileSpan
from layerscope.session.reading.known_layers import holds_layers
from layerscope.sources.image.outline import Outline, outline_of


def known_outline(cache: Cache, archive: FileSpan) -> Outline | None:
    """Return the outline of an archive as it is now, or None if it is not known."""
    identity = span_identity(archive)
    record = None if identity is None else cache.read(RecordKind.OUTLINE, identity)
    try:
        return None if record is None else msgspec.msgpack.decode(record, type=Outline)
    except msgspec.MsgspecError:
        return None


def keep_outline(cache: Cache, label: str, layers: Sequence[Layer]) -> None:
    """Keep the outline of the compressed archive that holds the layers, if it is new and their entries are known."""
    blob = next((layer.blob for layer in layers if layer.blob and layer.blob.packed), None)
    identity = None if blob is None or blob.packed is None else span_identity(blob.packed)
    if blob is None or identity is None or cache.holds(RecordKind.OUTLINE, identity) or not holds_layers(cache, layers):
        return
    try:
        size = Path(blob.path).stat().st_size
        outline = outline_of(replace(blob, offset=0, size=size, stated_size=size))
    except (OSError, FormatError):
        return
    if outline is not None:
        encoded = msgspec.msgpack.encode(outline)
        cache.keep(RecordKind.OUTLINE, identity, label, lambda file: file.write(encoded))
