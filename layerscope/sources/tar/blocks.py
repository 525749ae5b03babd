"""The blocks of a tar as the walk reads them: with seeks over the content of a plain tar, else decompressed."""

import os
from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from layerscope.errors import InvalidLayer
from layerscope.model.image import Compression, FileSpan
from layerscope.sources.stream.compression import DecompressedSpan, SpanFile, check_unchanged, open_span
from layerscope.sources.tar.header import BLOCK
from layerscope.work import stop_if

_SMALL_CHUNK = 4096
_LARGE_CHUNK = 64 * 1024
"""Bytes of a read from a plain tar: few where large files separate the headers, many where small ones follow.

The few hold a header with an extended header before it, so that these take one read.
"""

_STREAM_CHUNK = 96 * 1024
"""Bytes decompressed in one call: enough that the calls cost little.

The memory of 128 KiB or more comes from the system and goes back to it with each chunk: a quarter of the time.
"""

_LEAST_AHEAD = 4_000_000
"""The least stored bytes of a gzip layer for which a thread decompresses ahead of the walk: 0.8 of the time.

That is for 200,000 files. With zstd it takes 1.2 times as long: handing the chunks over costs more than it gains.
"""

_GZIP_CHUNK = 512 * 1024
"""Bytes of gzip that the thread decompresses in one call, without the interpreter lock."""


TakeChunk = Callable[[bytes, int], None]
"""A function of decompressed bytes and their offset in the tar, called with each chunk before the next is read."""

NEVER = 1 << 64
"""An offset behind the end of every tar: that of an entry and its size have 63 bits each."""


class TarPart(Struct):
    """One of the parts that a plain tar is walked in: the headers from ``start`` to before ``stop``.

    The walk of a part ends at ``stop`` if a header is there that no earlier one says anything about: then it
    ``is_joined`` with the next part. Otherwise what looked like a header was content, and the walk goes on to the end
    of the tar. A part may use its share of what the ``of`` parts may use together. It ``has_end`` if the walk has come
    to the mark at the end of the tar.
    """

    start: int = 0
    stop: int = NEVER
    of: int = 1
    is_joined: bool = False
    has_end: bool = False

    def go_on(self) -> None:
        self.stop = NEVER


class DecompressedBytes(Protocol):
    """Decompressed bytes, read from start to end; errors are those of `DecompressedSpan`."""

    @property
    def consumed(self) -> int:
        """The number of stored bytes read so far."""

    def read1(self, size: int, /) -> bytes:
        """Return about ``size`` bytes at most, and none at the end."""

    def check(self) -> None:
        """Raise the error of a stream that has turned out to be broken, or whose file has changed."""

    def close(self) -> None:
        """Close the file."""


class TarBlocks(Protocol):
    """The bytes of a tar, read at ascending offsets."""

    @property
    def stored(self) -> int:
        """The size of the file that the tar comes from, compressed or not."""

    def fetch(self, offset: int, need: int) -> bytes:
        """Return at least ``need`` bytes from ``offset`` on; fewer only at the end."""

    def read(self, offset: int, size: int) -> bytes:
        """Return ``size`` bytes from ``offset`` on; fewer only at the end."""

    def end(self) -> int:
        """Return the offset of the end, which is known once `fetch` has returned too few bytes."""

    def check(self) -> None:
        """Raise InvalidLayer where the file has changed, or its stream is broken at a byte that no header needed."""

    def consumed(self) -> int:
        """Return how many stored bytes have been read, for progress."""

    def close(self) -> None:
        """Close the file."""


class PlainBlocks:
    """Blocks of a plain tar, read in place."""

    def __init__(self, span: FileSpan, part: TarPart) -> None:
        self.stored = span.stored_size
        self._span = span
        self._part = part
        self._start = span.offset
        self._size = span.size
        self._descriptor = open_span(span)
        self._reached = 0
        self._chunk = _SMALL_CHUNK

    def fetch(self, offset: int, need: int) -> bytes:
        """Return the bytes from ``offset`` on; none behind the part."""
        if offset - self._reached < BLOCK:
            self._chunk = min(2 * self._chunk, _LARGE_CHUNK)
        else:
            self._chunk = _SMALL_CHUNK
        wanted = min(max(need, self._chunk), self._size - offset, self._part.stop - offset)
        if wanted <= 0:
            return b""
        self._reached = offset + wanted
        return os.pread(self._descriptor, wanted, self._start + offset)

    def read(self, offset: int, size: int) -> bytes:
        wanted = max(0, min(size, self._size - offset))
        # a read is no gap between headers, so that the next fetch may still be a large one
        self._reached = offset + wanted
        return os.pread(self._descriptor, wanted, self._start + offset)

    def check(self) -> None:
        """Raise InvalidLayer where the file has changed: content that is skipped does not show it."""
        check_unchanged(self._span, self._descriptor)

    def end(self) -> int:
        return self._size

    def consumed(self) -> int:
        """Return the end of the last read."""
        return min(self._reached, self._size)

    def close(self) -> None:
        os.close(self._descriptor)


class StreamBlocks:
    """Blocks of a compressed tar; content is decompressed, passed to ``take_chunk`` with its offset, and dropped."""

    def __init__(
        self,
        stream: DecompressedBytes,
        stored: int,
        is_stopped: Callable[[], bool],
        take_chunk: TakeChunk | None = None,
    ) -> None:
        self.stored = stored
        self._take_chunk = take_chunk
        self._is_stopped = is_stopped
        self._stream = stream
        self._chunk = b""
        self._base = 0

    def fetch(self, offset: int, need: int) -> bytes:
        self._skip_to(offset)
        pieces = [self._chunk[max(0, offset - self._base) :]]
        have = len(pieces[0])
        while have < need and self._advance():
            pieces.append(self._chunk)
            have += len(self._chunk)
        if len(pieces) > 1:
            self._chunk = b"".join(pieces)
            self._base = offset
            return self._chunk
        return pieces[0]

    def read(self, offset: int, size: int) -> bytes:
        self._skip_to(offset)
        start = max(0, offset - self._base)
        if start + size <= len(self._chunk):
            return self._chunk[start : start + size]
        return self.fetch(offset, size)[:size]

    def _skip_to(self, offset: int) -> None:
        while self.end() <= offset and self._advance():
            pass

    def check(self) -> None:
        self._stream.check()

    def _advance(self) -> bool:
        stop_if(self._is_stopped)
        if self._take_chunk is not None:
            self._take_chunk(self._chunk, self._base)
        try:
            following = self._stream.read1(_STREAM_CHUNK)
        except InvalidLayer as error:
            error.offset = self.end()
            raise
        if not following:
            return False
        self._base = self.end()
        self._chunk = following
        return True

    def end(self) -> int:
        return self._base + len(self._chunk)

    def consumed(self) -> int:
        return self._stream.consumed

    def close(self) -> None:
        """Pass on the last content, and close the file."""
        if self._take_chunk is not None:
            self._take_chunk(self._chunk, self._base)
        self._stream.close()


def open_blocks(
    span: FileSpan,
    compression: Compression,
    is_stopped: Callable[[], bool] = bool,
    part: TarPart | None = None,
    take_chunk: TakeChunk | None = None,
    *,
    ahead: bool = True,
) -> TarBlocks:
    """Open the tar in a span; raises OSError where the file cannot be read, and InvalidLayer where it has changed.

    Once ``is_stopped`` returns True, decompressing content raises ReadingStopped: one file may have gigabytes. What is
    decompressed is passed to ``take_chunk``; content of a plain tar is not read. Large gzip is decompressed ``ahead``.
    """
    if compression is Compression.NONE:
        return PlainBlocks(span, part or TarPart())
    stream = open_stream(span, compression) if ahead else DecompressedSpan(span, compression)
    return StreamBlocks(stream, span.stored_size, is_stopped, take_chunk)


def open_stream(span: FileSpan, compression: Compression, file: SpanFile | None = None) -> DecompressedBytes:
    """Open the decompressed bytes of a span, or of its ``file``; a thread decompresses large gzip ahead.

    Raises OSError.
    """
    if compression is not Compression.GZIP or span.size < _LEAST_AHEAD:
        return DecompressedSpan(span, compression, file)
    from layerscope.sources.stream.ahead import AheadStream, GzipChunks  # noqa: PLC0415  # 2 ms, only for large layers

    decompressed = GzipChunks(span, file)
    try:
        return AheadStream(decompressed, _GZIP_CHUNK)
    except RuntimeError:
        # the system starts no more threads
        return decompressed
