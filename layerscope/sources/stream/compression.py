"""The bytes of a span, as they are stored, or decompressed in bounded memory by a library for each format.

The format is recognized by the first bytes.
"""

import bz2
import os
import sys
from collections.abc import Callable
from importlib import import_module
from io import FileIO, RawIOBase
from typing import Any

from isal import igzip_lib
from msgspec import Struct

from layerscope.errors import InvalidLayer, UnsupportedCompression
from layerscope.model.image import Compression, FileSpan, version_of
from layerscope.sources.stream.member_stream import Decompressor, MemberStream


def check_unchanged(span: FileSpan, descriptor: int) -> None:
    """Raise InvalidLayer where the file of a span was replaced, written to or truncated since the image was opened."""
    status = os.fstat(descriptor)
    if span.version not in (None, version_of(status)) or status.st_size < span.offset + span.size:
        raise InvalidLayer("its file has changed since it was opened")


def open_span(span: FileSpan) -> int:
    """Return a descriptor of the file of a span.

    Raises OSError where the file cannot be opened, and InvalidLayer where it has changed since the image was opened.
    """
    descriptor = os.open(span.path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        check_unchanged(span, descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


class SpanFile(RawIOBase):
    """A raw, unbuffered file that holds the bytes of a span; it is opened as `open_span` does."""

    def __init__(self, span: FileSpan) -> None:
        super().__init__()
        self._span = span
        self._position = 0
        self._file = FileIO(open_span(span), "rb")
        self._file.seek(span.offset)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview | bytearray, /) -> int:  # type: ignore[override]  # typeshed: any buffer
        wanted = min(len(buffer), self._span.size - self._position)
        count = self._file.readinto(memoryview(buffer)[:wanted]) or 0
        self._position += count
        return count

    def read1(self, size: int, /) -> bytes:
        data = self._file.read(min(size, self._span.size - self._position))
        self._position += len(data)
        return data

    @property
    def position(self) -> int:
        return self._position

    def move_to(self, position: int) -> None:
        self._file.seek(self._span.offset + position)
        self._position = position

    def check_unchanged(self) -> None:
        check_unchanged(self._span, self._file.fileno())

    def close(self) -> None:
        # the garbage collector also calls this where the file could not be opened
        if hasattr(self, "_file"):
            self._file.close()
        super().close()


PREFIX_SIZE = 8
"""The number of first bytes that `detect` needs."""

_BZIP2 = tuple(b"BZh%d%b" % (level, block) for level in range(1, 10) for block in (b"1AY&", b"\x17rE8"))
"""The start of a stream and of its first block, or of its end: a tar may start with a file named ``BZh``."""

_MAGIC = (
    (b"\x1f\x8b\x08", Compression.GZIP),
    (b"\x28\xb5\x2f\xfd", Compression.ZSTD),
    (b"\xfd7zXZ\x00", Compression.XZ),
    (_BZIP2, Compression.BZIP2),
)
_SKIPPABLE_FRAME_TAIL = b"\x2a\x4d\x18"
_LARGEST_WINDOW_LOG = 27
_MOST_MEMORY = 1 << _LARGEST_WINDOW_LOG
"""A stream may use 128 MiB of memory, as the zstd command allows by default, and no more."""


_ERRORS = (EOFError, OSError, MemoryError)
"""Errors of every codec, in addition to its own."""


class _Codec(Struct, frozen=True):
    new_member: Callable[[], Decompressor]
    errors: tuple[type[Exception], ...]


def _gzip() -> _Codec:
    # isal's stubs declare the exception class as an exception
    errors: Any = (igzip_lib.error, *_ERRORS)
    return _Codec(lambda: igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP), errors)


def _zstd() -> _Codec:
    zstd = import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
    options = {zstd.DecompressionParameter.window_log_max: _LARGEST_WINDOW_LOG}
    return _Codec(lambda: zstd.ZstdDecompressor(options=options), (zstd.ZstdError, *_ERRORS))


def _xz() -> _Codec:
    import lzma  # noqa: PLC0415  # 0.5 ms, and only where a blob needs it

    return _Codec(lambda: lzma.LZMADecompressor(memlimit=_MOST_MEMORY), (lzma.LZMAError, *_ERRORS))


def _bzip2() -> _Codec:
    return _Codec(bz2.BZ2Decompressor, (ValueError, *_ERRORS))


_CODECS: dict[Compression, Callable[[], _Codec]] = {
    Compression.GZIP: _gzip,
    Compression.ZSTD: _zstd,
    Compression.XZ: _xz,
    Compression.BZIP2: _bzip2,
}


def detect(head: bytes) -> Compression:
    """Return the compression of a blob that starts with these bytes; NONE where it is not recognized."""
    for magic, compression in _MAGIC:
        if head.startswith(magic):
            return compression
    if head[1:4] == _SKIPPABLE_FRAME_TAIL and head[0] >> 4 == 0x5:  # noqa: PLR2004  # 0x184D2A50 to 0x184D2A5F
        return Compression.ZSTD
    return Compression.NONE


def detect_span(span: FileSpan) -> Compression:
    """Return the compression of the blob in a span; raises OSError where it cannot be read."""
    with SpanFile(span) as file:
        return detect(file.read(PREFIX_SIZE) or b"")


class DecompressedSpan:
    """The decompressed bytes of a span, or of its ``file``; raises OSError where the file cannot be read."""

    def __init__(self, span: FileSpan, compression: Compression, file: SpanFile | None = None) -> None:
        self._name = compression.value
        self._file = file or SpanFile(span)
        self._codec: _Codec | None = None
        self._members: MemberStream | None = None
        if compression is not Compression.NONE:
            self._codec = _CODECS[compression]()
            self._members = MemberStream(self._file, self._codec.new_member, self._codec.errors)

    @property
    def consumed(self) -> int:
        return self._file.position

    def read1(self, size: int, /) -> bytes:
        """Return at most ``size`` decompressed bytes, and none at the end.

        Raises InvalidLayer where the stream is broken or ends early, and UnsupportedCompression where it needs too much
        memory.
        """
        if self._codec is None or self._members is None:
            return self._file.read1(size)
        try:
            return self._members.read1(size)
        except self._codec.errors as error:
            raise self._error(error) from error

    def check(self) -> None:
        """Raise the error of a stream that has turned out to be broken, and InvalidLayer where its file has changed.

        The bytes before a break are read first, so that a caller may stop before it meets the break.
        """
        self.check_unchanged()
        if self._members is not None and self._members.failure is not None:
            raise self._error(self._members.failure) from self._members.failure

    def check_unchanged(self) -> None:
        self._file.check_unchanged()

    def _error(self, error: Exception) -> InvalidLayer | UnsupportedCompression:
        if isinstance(error, EOFError):
            return InvalidLayer(f"the {self._name} stream ends early, after {self.consumed:,} stored bytes")
        if isinstance(error, MemoryError):
            return UnsupportedCompression(f"there is not enough memory to decompress the {self._name} stream")
        if "memory" in str(error).lower():
            return UnsupportedCompression(f"the {self._name} stream needs more than 128 MiB of memory")
        return InvalidLayer(f"the {self._name} stream is broken near stored byte {self.consumed:,}")

    def close(self) -> None:
        self._file.close()


def decompressed_start(data: bytes, compression: Compression, size: int) -> bytes:
    """Return at most ``size`` bytes that the first member or frame in data decompresses to; none if it is broken."""
    if compression is Compression.NONE:
        return data[:size]
    codec = _CODECS[compression]()
    try:
        return codec.new_member().decompress(data, size)
    except codec.errors:
        return b""
