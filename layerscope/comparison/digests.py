"""The question of why two images, or two layers, have other digests, answered down to the bytes."""

from collections.abc import Iterator

import msgspec

from layerscope.analysis.comparison.digest_causes import (
    Cause,
    Causes,
    DigestReport,
    Part,
)
from layerscope.analysis.comparison.digest_comparison import (
    compare_compression,
    compare_documents,
    compare_entries,
)
from layerscope.analysis.comparison.layer_alignment import Relation
from layerscope.comparison.compare import ImageComparison, LayerComparison
from layerscope.errors import FormatError
from layerscope.model.image import Image, Layer
from layerscope.session.image_facts import stored_documents
from layerscope.session.loaded_image import LoadedImage

LayerNumbers = tuple[int | None, int | None]
"""A layer of the old image and one of the new image; None where an image has none."""

_BLOB_START = 512
"""Bytes of a blob that hold its gzip header, with the name of a file at most."""


def layer_causes(old: LoadedImage, new: LoadedImage, numbers: LayerNumbers, *, same_tar: bool = False) -> list[Cause]:
    """Return why the digests of two layers differ; reads both once, unless it is known that their tars are the same."""
    causes, (before, after) = Causes(numbers), numbers
    if before is None or after is None:
        causes.add(Part.CONTENT, "only-new" if before is None else "only-old")
        return list(causes)
    try:
        _compare_layers(old, new, (before, after), causes, same_tar=same_tar)
    except FormatError:
        causes.add(Part.CONTENT, "unreadable")
    return list(causes)


def _compare_layers(
    old: LoadedImage, new: LoadedImage, numbers: tuple[int, int], causes: Causes, *, same_tar: bool
) -> None:
    layers = old.image.layers[numbers[0] - 1], new.image.layers[numbers[1] - 1]
    if _stored_digest(layers[0]) != _stored_digest(layers[1]):
        old_start = old.contents.blob_start(numbers[0], _BLOB_START)
        new_start = new.contents.blob_start(numbers[1], _BLOB_START)
        kinds = layers[0].compression, layers[1].compression
        compare_compression(old_start, new_start, kinds, causes, same_tar=same_tar)
    if same_tar:
        return
    compare_entries(old.contents.raw_entries(numbers[0]), new.contents.raw_entries(numbers[1]), causes)
    if not causes and layers[0].diff_id != layers[1].diff_id:
        # the bytes are the same: one of the diff_ids is wrong
        causes.add(Part.CONTENT, "digest")


def _stored_digest(layer: Layer) -> object:
    """Return the digest of the blob; a layer that was never stored as one has the digest of its tar."""
    return layer.digest or layer.diff_id


def document_causes(old: Image, new: Image) -> Iterator[Cause]:
    """Yield why the digests of the configs and of the manifests of two images differ; raises FormatError."""
    configs, manifests = zip(stored_documents(old), stored_documents(new), strict=True)
    if None in configs:
        if old.config_digest != new.config_digest:
            yield Cause(Part.CONFIG, None, "unread")
        configs = msgspec.json.encode(old.config, enc_hook=str), msgspec.json.encode(new.config, enc_hook=str)
    for part, (before, after) in ((Part.CONFIG, configs), (Part.MANIFEST, manifests)):
        if before is not None and after is not None:
            causes = Causes()
            compare_documents(before, after, part, causes)
            yield from causes


def digest_report(comparison: ImageComparison | LayerComparison) -> DigestReport:
    """Return why the two images, or the two layers, have other digests; reads the layers that differ."""
    old, new = comparison.old, comparison.new
    if isinstance(comparison, LayerComparison):
        numbers = comparison.before or None, comparison.after or None
        return DigestReport(tuple(layer_causes(old, new, numbers, same_tar=comparison.before == comparison.after)))
    causes = list[Cause]()
    for step in comparison.alignment.layers:
        is_same = step.relation is Relation.SAME and step not in comparison.rebuilt
        causes += layer_causes(old, new, (step.old_layer, step.new_layer), same_tar=is_same)
    return DigestReport((*causes, *document_causes(old.image, new.image)))
