"""The content of layers that an engine has exported, kept in the cache so that it need not be exported again.

The file of the export moves into the cache as it is: to copy it would take longer than to list it. What is read of it
later is hashed first.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from layerscope.cache.cache import Cache, RecordKind
from layerscope.model.image import Compression, Layer
from layerscope.model.span import FileSpan
from layerscope.sources.layer.verification import with_verification


class _Place(msgspec.Struct, frozen=True):
    """The place of a layer's blob in an adopted file."""

    file: str
    offset: int
    size: int
    compression: Compression | None


def with_kept_content(cache: Cache, layer: Layer) -> Layer:
    """Return a layer that has no content of its own with what the cache has of it, if that has the layer's diff_id."""
    place = _place(cache, layer)
    file = None if place is None else cache.adopted(place.file)
    if place is None or file is None:
        return layer
    span = FileSpan(str(file), place.offset, place.size, place.size)
    checked = with_verification(replace(layer, blob=span, compression=place.compression, verified=False))
    return checked if checked.verified else layer


def keep_content(cache: Cache, label: str, layers: Sequence[Layer]) -> None:
    """Keep the content of verified layers, whose files move into the cache: nothing can be read of them any more."""
    blobs = [(layer, layer.blob) for layer in layers if layer.verified and layer.blob is not None]
    exported = [(layer, blob) for layer, blob in blobs if blob.version is None]
    if all(_is_kept(cache, layer) for layer, _ in exported):
        return
    adopted = {path: cache.adopt(Path(path)) for path in {blob.path for _, blob in exported}}
    for layer, blob in exported:
        file = adopted[blob.path]
        if file is not None:
            _keep_place(cache, label, layer, _Place(file.name, blob.offset, blob.size, layer.compression))


def _keep_place(cache: Cache, label: str, layer: Layer, place: _Place) -> None:
    encoded = msgspec.json.encode(place)
    cache.keep(RecordKind.LAYER, str(layer.diff_id), label, lambda file: file.write(encoded))


def _is_kept(cache: Cache, layer: Layer) -> bool:
    place = _place(cache, layer)
    return place is not None and cache.adopted(place.file) is not None


def _place(cache: Cache, layer: Layer) -> _Place | None:
    record = cache.read(RecordKind.LAYER, str(layer.diff_id)) if layer.verified else None
    try:
        return None if record is None else msgspec.json.decode(record, type=_Place)
    except msgspec.MsgspecError:
        return None
