"""The check whether the bytes of a layer have the diff_id that the image states."""

from contextlib import closing
from hashlib import sha256

from msgspec.structs import replace

from layerscope.errors import FormatError
from layerscope.model.documents import Digest
from layerscope.model.image import Layer
from layerscope.sources.stream.compression import open_decompressed

_CHUNK = 1024 * 1024


def with_verification(layer: Layer) -> Layer:
    """Return a layer as ``verified`` if its bytes have its diff_id; one that cannot be read is left as it is."""
    diff_id = None if layer.diff_id is None else actual_diff_id(layer)
    return layer if diff_id is None else replace(layer, verified=layer.diff_id == diff_id)


def actual_diff_id(layer: Layer) -> Digest | None:
    """Return the digest of a layer's decompressed bytes, or None if they cannot be read."""
    if layer.blob is None or layer.compression is None:
        return None
    digest = sha256()
    try:
        with closing(open_decompressed(layer.blob, layer.compression)) as stream:
            while chunk := stream.read1(_CHUNK):
                digest.update(chunk)
    except (FormatError, OSError):
        return None
    return Digest("sha256", digest.hexdigest())
