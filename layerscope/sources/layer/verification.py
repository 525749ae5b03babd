"""The digests of a layer: of its bytes as they are stored, and of its tar."""

import hashlib
from collections import deque
from collections.abc import Collection, Generator, Mapping
from contextlib import closing

from msgspec import Struct
from msgspec.structs import replace

from layerscope.errors import FormatError, InvalidLayer, UnsupportedCompression, os_reason
from layerscope.model.content_facts import ContentNeeds
from layerscope.model.documents import Digest
from layerscope.model.entries import LayerEntries
from layerscope.model.image import Compression, FileSpan, Layer
from layerscope.sources.layer.reader import content_taker
from layerscope.sources.store.tar_split import TarSplitStream
from layerscope.sources.stream.compression import SpanFile
from layerscope.sources.tar.blocks import DecompressedBytes, StreamBlocks, open_stream
from layerscope.sources.tar.walk import walk
from layerscope.work import IsStopped, stop_if

_CHUNK = 1024 * 1024


class _Hashes:
    """The digests of bytes, by several algorithms."""

    def __init__(self, algorithms: Collection[str]) -> None:
        self._hashes = {algorithm: hashlib.new(algorithm) for algorithm in algorithms}

    def update(self, data: bytes | memoryview) -> None:
        for each in self._hashes.values():
            each.update(data)

    @property
    def digests(self) -> dict[str, str]:
        return {algorithm: each.hexdigest() for algorithm, each in self._hashes.items()}


class _HashedFile(SpanFile):
    """The stored bytes of a span, hashed when they are first read: a decompressor may go back."""

    def __init__(self, span: FileSpan, algorithms: Collection[str]) -> None:
        super().__init__(span)
        self.hashes = _Hashes(algorithms)
        self._hashed = 0

    def readinto(self, buffer: memoryview | bytearray, /) -> int:  # type: ignore[override]  # as in `SpanFile`
        count = super().readinto(buffer)
        self._hash(memoryview(buffer)[:count])
        return count

    def read1(self, size: int, /) -> bytes:
        data = super().read1(size)
        self._hash(data)
        return data

    def _hash(self, data: bytes | memoryview) -> None:
        new = self.position - self._hashed
        if new > 0:
            self.hashes.update(data if new == len(data) else memoryview(data)[-new:])
            self._hashed = self.position

    def read_rest(self) -> bytes:
        """Read on where nothing was read, and return some bytes, none at the end."""
        self.move_to(self._hashed)
        return self.read1(_CHUNK)


class _HashedStream:
    """The decompressed bytes of a layer, hashed as they pass."""

    def __init__(self, stream: DecompressedBytes, algorithms: Collection[str] = ("sha256",)) -> None:
        self._stream = stream
        self.hashes = _Hashes(algorithms)
        self.check = stream.check
        self.close = stream.close

    @property
    def consumed(self) -> int:
        return self._stream.consumed

    def read1(self, size: int, /) -> bytes:
        """Return what comes next, and none at the end."""
        chunk = self._stream.read1(size)
        self.hashes.update(chunk)
        return chunk


def with_verification(layer: Layer) -> Layer:
    """Return a layer as ``verified`` if its bytes have its diff_id; one that cannot be read is left as it is."""
    diff_id = None if layer.diff_id is None else actual_diff_id(layer)
    return layer if diff_id is None else replace(layer, verified=layer.diff_id == diff_id)


def actual_diff_id(
    layer: Layer,
    entries: LayerEntries | None = None,
    is_stopped: IsStopped = bool,
    needs: ContentNeeds | None = None,
) -> Digest | None:
    """Return the digest of a layer's decompressed bytes, or None if they cannot be read.

    As they pass, fill ``entries``, with what is in ``needs`` of the content of a compressed layer. Raises
    ReadingStopped once ``is_stopped`` returns True.
    """
    if layer.blob is None or layer.compression is None:
        return None
    try:
        stream = _HashedStream(open_stream(layer.blob, layer.compression))
    except (FormatError, OSError):
        return None
    take_chunk = None if entries is None or layer.compression is Compression.NONE else content_taker(entries, needs)
    with closing(StreamBlocks(stream, layer.blob.stored_size, is_stopped, take_chunk)) as blocks:
        if entries is not None:
            deque(walk(blocks, entries), maxlen=0)
        try:
            while stream.read1(_CHUNK):
                pass
        except (FormatError, OSError):
            return None
    return Digest("sha256", stream.hashes.digests["sha256"])


class FoundBytes(Struct, frozen=True):
    """The bytes of a layer: how many are stored, their digests and those of its tar, each by algorithm.

    ``broken`` says why there is no whole tar in bytes that could be read, ``unread`` why bytes could not be read.
    """

    size: int | None = None
    digests: Mapping[str, str] = {}
    tar_digests: Mapping[str, str] = {}
    broken: str | None = None
    unread: str | None = None


def find_bytes(
    layer: Layer, algorithms: Collection[str], entries: LayerEntries, is_stopped: IsStopped = bool
) -> Generator[int, None, FoundBytes]:
    """Read a layer once: fill ``entries``, yield the stored bytes read now and then, and return what was found.

    Raises ReadingStopped once ``is_stopped`` returns True.
    """
    try:
        if layer.unpacked is not None:
            unpacked = TarSplitStream(layer.unpacked)
            hashed = _HashedStream(unpacked, algorithms)
            broken, unread = yield from _walk_all(hashed, unpacked.stored, entries, is_stopped)
            return FoundBytes(None, {}, {} if broken or unread else hashed.hashes.digests, broken, unread)
        if layer.blob is None:
            return FoundBytes(unread=layer.problem or "its blob is missing")
        file = _HashedFile(layer.blob, algorithms)
        # bytes that are encrypted, or no tar, are only hashed
        is_plain = layer.compression in (None, Compression.NONE)
        stream = open_stream(layer.blob, layer.compression or Compression.NONE, file)
        hashed = _HashedStream(stream, () if is_plain else algorithms)
        walked = None if layer.compression is None else entries
        broken, unread = yield from _walk_all(hashed, layer.blob.stored_size, walked, is_stopped, file)
        tar_digests = file.hashes.digests if is_plain else hashed.hashes.digests
        is_whole = layer.compression is not None and not (broken or unread)
        return FoundBytes(layer.blob.size, file.hashes.digests, tar_digests if is_whole else {}, broken, unread)
    except (FormatError, OSError) as error:
        return FoundBytes(unread=os_reason(error) if isinstance(error, OSError) else str(error))


def _walk_all(
    stream: _HashedStream,
    stored: int,
    entries: LayerEntries | None,
    is_stopped: IsStopped,
    file: _HashedFile | None = None,
) -> Generator[int, None, tuple[str | None, str | None]]:
    """Read a tar to its end, then the rest of its file; return why the tar is broken, or could not be read."""
    broken, unread = None, None
    with closing(StreamBlocks(stream, stored, is_stopped)) as blocks:
        if entries is not None:
            yield from walk(blocks, entries)
        try:
            while stream.read1(_CHUNK):
                stop_if(is_stopped)
                yield stream.consumed
        except InvalidLayer as error:
            is_denied = isinstance(error.__cause__, PermissionError)
            broken, unread = (None, str(error)) if is_denied else (str(error), None)
        except UnsupportedCompression as error:
            unread = str(error)
        while file is not None and file.read_rest():
            stop_if(is_stopped)
            yield file.position
    return broken, unread
