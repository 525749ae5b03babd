"""Decompression ahead of the reader: a thread decompresses while the reader works on what came before.

The libraries release the interpreter lock while they decompress.
"""

from queue import Empty, SimpleQueue
from threading import Semaphore
from typing import Any

from isal import igzip_lib
from isal.igzip import IGzipFile

from layerscope.errors import FormatError
from layerscope.model.image import Compression, FileSpan
from layerscope.sources.stream.compression import DecompressedSpan, SpanFile
from layerscope.work import start_thread

# isal's stubs declare the exception class as an exception
_ERRORS: Any = (EOFError, OSError, igzip_lib.error)

_Chunk = tuple[bytes, FormatError | None]
"""A chunk, and the error that had turned up when it was read."""

_MOST_CHUNKS = 4
"""Chunks that wait for the reader."""

_LOOK_AGAIN = 0.5
"""Seconds between two looks at whether the thread still runs."""


class AheadStream:
    """The decompressed bytes of a span, as `DecompressedSpan` gives them, in chunks of at most ``size`` bytes.

    Raises RuntimeError if the system starts no thread.
    """

    def __init__(self, stream: DecompressedSpan, size: int) -> None:
        self._stream = stream
        self._size = size
        self._chunks: SimpleQueue[_Chunk | BaseException] = SimpleQueue()
        self._space = Semaphore(_MOST_CHUNKS)
        self._is_closed = False
        self._last: _Chunk | BaseException = b"", None
        self._is_ended = False
        self._thread = start_thread(self._run)

    def _run(self) -> None:
        try:
            data = None
            while data != b"":
                self._space.acquire()
                if self._is_closed:
                    return
                data = self._stream.read1(self._size)
                self._chunks.put((data, self._failure()))
        except BaseException as error:  # noqa: BLE001  # raised again in the reader's thread
            self._chunks.put(error)

    def _failure(self) -> FormatError | None:
        """Return the error that has turned up by now: one behind what the reader reads must not reach it."""
        try:
            self._stream.check()
        except FormatError as error:
            return error
        return None

    def read1(self, _size: int, /) -> bytes:
        """Return the next chunk, and none at the end; raises what decompression raised."""
        if not self._is_ended:
            self._last = self._next()
            self._space.release()
            self._is_ended = isinstance(self._last, BaseException) or not self._last[0]
        if isinstance(self._last, BaseException):
            raise self._last
        return self._last[0]

    def _next(self) -> _Chunk | BaseException:
        while True:
            is_running = self._thread.is_alive()
            try:
                return self._chunks.get(timeout=_LOOK_AGAIN)
            except Empty:
                if not is_running:
                    # there was no memory left to hand over its error
                    return MemoryError()

    @property
    def consumed(self) -> int:
        return self._stream.consumed

    def check(self) -> None:
        self._stream.check_unchanged()
        failure = self._last if isinstance(self._last, BaseException) else self._last[1]
        if failure is not None:
            raise failure

    def close(self) -> None:
        """End the thread, and close the file."""
        self._is_closed = True
        self._space.release()
        self._thread.join()
        self._stream.close()


class GzipChunks(DecompressedSpan):
    """The decompressed bytes of a gzip file, in large chunks that are decompressed into one buffer.

    A decompressor of one member returns a little for each piece of stored bytes, and takes the interpreter lock each
    time, which the reader holds: then thread and reader run in turn, not at the same time.

    The library drops what it has decompressed where it then finds that the stream is broken. What was not returned by
    then comes from the stream of members, from the start of the file on.
    """

    def __init__(self, span: FileSpan, file: SpanFile | None = None) -> None:
        super().__init__(span, Compression.GZIP, file)
        self._chunks: IGzipFile | None = IGzipFile(fileobj=self._file)  # type: ignore[no-untyped-call]  # it has no hints
        self._buffer = bytearray()
        self._returned = 0

    def read1(self, size: int, /) -> bytes:
        if self._chunks is None:
            return super().read1(size)
        if len(self._buffer) != size:
            self._buffer = bytearray(size)
        try:
            count = self._chunks.readinto(self._buffer)
        except _ERRORS:
            self._chunks = None
            self._skip_returned()
            return super().read1(size)
        self._returned += count
        return bytes(memoryview(self._buffer)[:count])

    def _skip_returned(self) -> None:
        self._file.move_to(0)
        left = self._returned
        while left and (skipped := super().read1(left)):
            left -= len(skipped)
