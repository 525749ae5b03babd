"""The check whether the bytes of a layer have the diff_id that the image states."""

from collections import deque
from contextlib import closing
from hashlib import sha256

from msgspec.structs import replace

from layerscope.errors import FormatError
from layerscope.model.documents import Digest
from layerscope.model.entries import LayerEntries
from layerscope.model.image import Layer
from layerscope.sources.tar.blocks import DecompressedBytes, StreamBlocks, open_stream
from layerscope.sources.tar.walk import walk
from layerscope.work import IsStopped

_CHUNK = 1024 * 1024


class _HashedStream:
    """The decompressed bytes of a layer, hashed as they pass."""

    def __init__(self, stream: DecompressedBytes) -> None:
        self._stream = stream
        self._digest = sha256()
        self.check = stream.check
        self.close = stream.close

    @property
    def consumed(self) -> int:
        return self._stream.consumed

    def read1(self, size: int, /) -> bytes:
        """Return what comes next, and none at the end."""
        chunk = self._stream.read1(size)
        self._digest.update(chunk)
        return chunk

    def digest(self) -> Digest:
        """Read the rest, and return the digest of all."""
        while self.read1(_CHUNK):
            pass
        return Digest("sha256", self._digest.hexdigest())


def with_verification(layer: Layer) -> Layer:
    """Return a layer as ``verified`` if its bytes have its diff_id; one that cannot be read is left as it is."""
    diff_id = None if layer.diff_id is None else actual_diff_id(layer)
    return layer if diff_id is None else replace(layer, verified=layer.diff_id == diff_id)


def actual_diff_id(layer: Layer, entries: LayerEntries | None = None, is_stopped: IsStopped = bool) -> Digest | None:
    """Return the digest of a layer's decompressed bytes, or None if they cannot be read; fill ``entries`` as they pass.

    Raises ReadingStopped once ``is_stopped`` returns True.
    """
    if layer.blob is None or layer.compression is None:
        return None
    try:
        stream = _HashedStream(open_stream(layer.blob, layer.compression))
    except (FormatError, OSError):
        return None
    with closing(StreamBlocks(stream, layer.blob.stored_size, is_stopped)) as blocks:
        if entries is not None:
            deque(walk(blocks, entries), maxlen=0)
        try:
            return stream.digest()
        except (FormatError, OSError):
            return None
