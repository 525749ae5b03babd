"""The documents of an engine's image: from the cache, and kept in it for the next run.

An engine describes an image in fewer words than its export. Unlike layers, documents are not hashed: they serve the
engine that gave them, for the id that it gives the image.
"""

from collections.abc import Mapping

import msgspec

from layerscope.cache.cache import Cache, RecordKind
from layerscope.model.digest import Digest
from layerscope.model.documents import ImageConfig
from layerscope.model.image import Compression, Image, Layer, Step
from layerscope.session.reading.known_layers import holds_layers


class _KnownLayer(msgspec.Struct, frozen=True):
    digest: Digest | None
    diff_id: Digest | None
    media_type: str | None
    compression: Compression | None
    size: int | None


class _KnownImage(msgspec.Struct, frozen=True):
    source: str
    config: ImageConfig
    layers: list[_KnownLayer]
    steps: tuple[Step, ...]
    digest: Digest | None
    config_digest: Digest | None
    warnings: tuple[str, ...]
    annotations: Mapping[str, str]


def keep_image(cache: Cache, engine_key: str, platform: str | None, image: Image) -> None:
    """Keep what an image states, if all its layers are verified; ``platform`` is the one that was asked for."""
    if not all(layer.verified for layer in image.layers):
        return
    layers = [
        _KnownLayer(layer.digest, layer.diff_id, layer.media_type, layer.compression, layer.blob_size)
        for layer in image.layers
    ]
    known = _KnownImage(
        image.source,
        image.config,
        layers,
        image.steps,
        image.digest,
        image.config_digest,
        tuple(warning for warning in image.warnings if warning not in image.engine_notes),
        image.annotations,
    )
    encoded = msgspec.json.encode(known, enc_hook=str)
    cache.keep(RecordKind.IMAGE, _key(engine_key, platform), image.reference, lambda file: file.write(encoded))


def known_image(cache: Cache, platform: str | None, engine_key: str) -> Image | None:
    """Return an image as its export was, if the entries of all its layers are known; they have no content."""
    record = cache.read(RecordKind.IMAGE, _key(engine_key, platform))
    if record is None:
        return None
    try:
        known = msgspec.json.decode(record, type=_KnownImage, dec_hook=_digest)
    except (msgspec.MsgspecError, ValueError):
        return None
    layers = tuple(
        Layer(
            number,
            None,
            layer.compression,
            layer.digest,
            layer.diff_id,
            layer.media_type,
            verified=True,
            known_size=layer.size,
        )
        for number, layer in enumerate(known.layers, 1)
    )
    if not holds_layers(cache, layers):
        return None
    return Image(
        known.source,
        known.source,
        known.config,
        layers,
        known.steps,
        digest=known.digest,
        config_digest=known.config_digest,
        warnings=known.warnings,
        annotations=known.annotations,
    )


def _key(engine_key: str, platform: str | None) -> str:
    return f"{engine_key} {platform or ''}"


def _digest(_kind: type, text: str) -> Digest:
    return Digest.parse(text)
