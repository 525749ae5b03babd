"""Gzip decompressed into one buffer, in large chunks, for a thread that decompresses ahead of its reader.

A decompressor of one member returns a little for each piece of stored bytes, and takes the interpreter lock each time,
which the reader holds: then the two run in turn, not at the same time.
"""

from typing import Any

from isal import igzip_lib
from isal.igzip import IGzipFile

from layerscope.sources.stream.compression import SpanFile
from layerscope.sources.stream.member_stream import MemberStream

# isal's stubs declare the exception class as an exception
_ERRORS: Any = (EOFError, OSError, igzip_lib.error)


class GzipChunks:
    """The decompressed bytes of a gzip file, as the ``careful`` stream of the same file returns them.

    The library drops what it has decompressed where it then finds that the stream is broken. What was not returned by
    then comes from the careful stream, from the start of the file on.
    """

    def __init__(self, file: SpanFile, careful: MemberStream) -> None:
        self._file = file
        self._careful = careful
        self._chunks: IGzipFile | None = IGzipFile(fileobj=file)  # type: ignore[no-untyped-call]  # it has no hints
        self._buffer = bytearray()
        self._returned = 0

    def read1(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes, and none at the end; raises as `MemberStream.read1` does."""
        if self._chunks is None:
            return self._careful.read1(size)
        if len(self._buffer) != size:
            self._buffer = bytearray(size)
        try:
            count = self._chunks.readinto(self._buffer)
        except _ERRORS:
            self._chunks = None
            self._go_back()
            return self._careful.read1(size)
        self._returned += count
        return bytes(memoryview(self._buffer)[:count])

    def _go_back(self) -> None:
        """Bring the careful stream to the first byte that has not been returned."""
        self._file.move_to(0)
        left = self._returned
        while left and (skipped := self._careful.read1(left)):
            left -= len(skipped)
