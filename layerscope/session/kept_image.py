"""The facts about images that the cache keeps beside the records of their layers.

- The documents of an engine's image. An engine describes it in fewer words than its export. Unlike layers, documents
  are not hashed: they serve the engine that gave them, for the id that it gives the image.
- The content of layers that an engine has exported. The file of the export moves into the cache as it is: to copy it
  would take longer than to list it. What is read of it later is hashed first.
- The documents of registries, by their digests, and the diff_ids that blobs of registries turned out to have.
- The outline of a compressed archive. It serves the file that it was made from alone.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from msgspec.structs import replace

from layerscope.cache.cache import Cache, RecordKind
from layerscope.cache.identity import span_identity
from layerscope.errors import FormatError
from layerscope.model.documents import Digest, ImageConfig
from layerscope.model.image import Compression, FileSpan, Image, Layer, Step
from layerscope.session.reading.known_layers import holds_layers
from layerscope.sources.image.archive import Outline, outline_of

if TYPE_CHECKING:
    from layerscope.session.content.open_layers import OpenLayers


class KeptImages(NamedTuple):
    """The images that the cache knows."""

    cache: Cache
    platform: str | None

    def engine_image(self, engine_key: str) -> Image | None:
        """Return an engine's image, as `known_image` does."""
        return known_image(self.cache, self.platform, engine_key)

    def outline(self, archive: FileSpan) -> Outline | None:
        """Return the outline of a compressed archive, as `known_outline` does."""
        return known_outline(self.cache, archive)

    def has_layers(self, layers: Sequence[Layer]) -> bool:
        """Return whether the entries of all the layers are known."""
        return holds_layers(self.cache, layers)

    def document(self, digest: Digest) -> bytes | None:
        record = self.cache.read(RecordKind.DOCUMENT, str(digest))
        return None if record is None else bytes(record)

    def keep_document(self, digest: Digest, data: bytes, reference: str) -> None:
        """Keep a document of a registry whose bytes have the digest."""
        self.cache.keep(RecordKind.DOCUMENT, str(digest), reference, lambda file: file.write(data))

    def has_diff_id(self, digest: Digest, diff_id: Digest) -> bool:
        """Return whether an earlier run has seen that a blob's bytes, decompressed, have the diff_id."""
        record = self.cache.read(RecordKind.BLOB, str(digest))
        return record is not None and bytes(record) == str(diff_id).encode()


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
        known = msgspec.json.decode(record, type=_KnownImage, dec_hook=lambda _kind, text: Digest.parse(text))
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


def known_outline(cache: Cache, archive: FileSpan) -> Outline | None:
    """Return the outline of an archive as it is now, or None if it is not known."""
    identity = span_identity(archive)
    record = None if identity is None else cache.read(RecordKind.OUTLINE, identity)
    try:
        return None if record is None else msgspec.msgpack.decode(record, type=Outline)
    except msgspec.MsgspecError:
        return None


def keep_outline(cache: Cache, image: Image) -> None:
    """Keep the outline of the compressed archive that holds the image, if it is new and its layers are known."""
    layers = image.layers
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
        cache.keep(RecordKind.OUTLINE, identity, image.reference, lambda file: file.write(encoded))


class _BlobSpan(msgspec.Struct, frozen=True):
    """The place of a layer's blob in an adopted file."""

    file: str
    offset: int
    size: int
    compression: Compression | None


def with_kept_content(cache: Cache, layer: Layer) -> Layer:
    """Return a layer that has no content of its own with what the cache has of it, if that has the layer's diff_id."""
    # 10 ms: hashes, which a listing does not need
    from layerscope.sources.layer.verification import with_verification  # noqa: PLC0415

    kept = _blob_span(cache, layer)
    file = None if kept is None else cache.adopted(kept.file)
    if kept is None or file is None:
        return layer
    span = FileSpan(str(file), kept.offset, kept.size, kept.size)
    checked = with_verification(replace(layer, blob=span, compression=kept.compression, verified=False))
    return checked if checked.verified else layer


def keep_received(cache: Cache, layers: "OpenLayers", platform: str | None) -> None:
    """Keep what an engine or a registry has sent: what the image states, and the content of its layers."""
    image = layers.image
    if image.fetch is None and image.engine_key is not None:
        keep_image(cache, image.engine_key, platform, image.container_image or image)
    if image.fetch is not None or image.engine_key is not None:
        received = [*image.layers, *layers.fetched.values()]
        for layer in received:
            _keep_diff_id(cache, image.reference, layer)
        keep_content(cache, image.reference, received)


def _keep_diff_id(cache: Cache, label: str, layer: Layer) -> None:
    """Keep that the bytes of a compressed blob, which has its digest, have the layer's diff_id."""
    digest, diff_id = layer.digest, layer.diff_id
    is_certain = layer.verified and layer.blob is not None and digest != diff_id
    if is_certain and digest is not None and not cache.holds(RecordKind.BLOB, str(digest)):
        encoded = str(diff_id).encode()
        cache.keep(RecordKind.BLOB, str(digest), label, lambda file: file.write(encoded))


def keep_content(cache: Cache, label: str, layers: Sequence[Layer]) -> None:
    """Keep the content of verified layers, whose files move into the cache: nothing can be read of them any more."""
    blobs = [(layer, layer.blob) for layer in layers if layer.verified and layer.blob is not None]
    exported = [(layer, blob) for layer, blob in blobs if blob.version is None]
    kept = (_blob_span(cache, layer) for layer, _ in exported)
    if all(span is not None and cache.adopted(span.file) is not None for span in kept):
        return
    adopted = {path: cache.adopt(Path(path)) for path in {blob.path for _, blob in exported}}
    for layer, blob in exported:
        file = adopted[blob.path]
        if file is not None:
            _keep_blob_span(cache, label, layer, _BlobSpan(file.name, blob.offset, blob.size, layer.compression))


def _keep_blob_span(cache: Cache, label: str, layer: Layer, kept: _BlobSpan) -> None:
    encoded = msgspec.json.encode(kept)
    cache.keep(RecordKind.LAYER, str(layer.diff_id), label, lambda file: file.write(encoded))


def _blob_span(cache: Cache, layer: Layer) -> _BlobSpan | None:
    record = cache.read(RecordKind.LAYER, str(layer.diff_id)) if layer.verified else None
    try:
        return None if record is None else msgspec.json.decode(record, type=_BlobSpan)
    except msgspec.MsgspecError:
        return None
