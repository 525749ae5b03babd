"""Random access to the bytes of uncompressed layers, without decompressing a layer from its start for each read.

A plain layer is read in place, a gzip layer from checkpoints, any other from a spool: its bytes are kept in a temporary
file. The file never has a name, so that the system removes it when the process ends, in whatever way. Checkpoints and
spools are made as far as reads need them, and never for a listing.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from io import FileIO
from threading import Lock
from typing import Protocol

from layerscope.errors import FormatError, InvalidLayer
from layerscope.model.image import Compression, FileSpan, Layer
from layerscope.sources.layer.content import PlainContent, StreamedContent, reading_errors, stored_form
from layerscope.sources.layer.gzip_checkpoints import CheckpointedContent
from layerscope.sources.store.tar_split import TarSplitContent
from layerscope.sources.stream.compression import DecompressedSpan
from layerscope.work import is_cancelled, stop_if

SPOOL_LIMIT = 4_000_000_000
"""The bytes that all spools of an image may take together; they also never take more than half of the free space."""

_CHUNK = 1024 * 1024


class SpoolBudget:
    """The number of bytes that may still be spooled; shared by threads."""

    def __init__(self, limit: int = SPOOL_LIMIT) -> None:
        self._lock = Lock()
        self._limit = limit
        self._left: int | None = None

    def take(self, size: int) -> bool:
        """Take bytes from the budget, and return False where fewer are left."""
        with self._lock:
            if self._left is None:
                self._left = min(self._limit, shutil.disk_usage(tempfile.gettempdir()).free // 2)
            if size > self._left:
                return False
            self._left -= size
            return True


def _nameless_file() -> FileIO | None:
    """Return a file without a name, or None where none can be made."""
    try:
        return tempfile.TemporaryFile(prefix="layerscope-", buffering=0)
    except OSError:
        return None


class SpooledContent:
    """A compressed layer, spooled as far as it has been read.

    Where the budget or the disk is exhausted, the rest is decompressed again for each read that does not continue the
    previous one.
    """

    def __init__(self, span: FileSpan, compression: Compression, budget: SpoolBudget) -> None:
        self._span = span
        self._compression = compression
        self._budget = budget
        self._lock = Lock()
        self._stream = DecompressedSpan(span, compression)
        self._file = _nameless_file()
        self._beyond = None if self._file else StreamedContent(span, compression)
        self._filled = 0
        self._end: FormatError | None = None
        self._is_closed = False

    def read(self, offset: int, size: int) -> bytes:
        with self._lock:
            if self._is_closed:
                raise InvalidLayer("the image has been closed")
            while self._filled < offset + size and self._beyond is None:
                stop_if(is_cancelled)
                if self._end is not None:
                    raise self._end
                self._spool()
            if self._file is not None and offset + size <= self._filled:
                return os.pread(self._file.fileno(), size, offset)
            assert self._beyond is not None  # noqa: S101  # otherwise it has been spooled, or the layer has ended
            return b"".join(self._beyond.chunks(offset, size))

    def prepare(self) -> Iterator[int]:
        """Spool the rest, a megabyte at a time, and yield the number of stored bytes read."""
        while True:
            with self._lock:
                if self._is_closed or self._end is not None or self._beyond is not None:
                    return
                self._spool()
                consumed = self._stream.consumed
            yield consumed

    def _spool(self) -> None:
        """Spool one more piece, or note why there is none, or that there is no space for it."""
        try:
            chunk = self._stream.read1(_CHUNK)
            self._stream.check_unchanged()
        except FormatError as error:
            self._end = error
            return
        if not chunk:
            self._end = InvalidLayer("the layer ends before this content does", self._filled)
        elif self._budget.take(len(chunk)) and self._is_written(chunk):
            self._filled += len(chunk)
        else:
            self._beyond = StreamedContent(self._span, self._compression)

    def _is_written(self, chunk: bytes) -> bool:
        """Write a piece behind the others, and return whether the disk took it."""
        left, offset = memoryview(chunk), self._filled
        try:
            while left and self._file is not None:
                count = os.pwrite(self._file.fileno(), left, offset)
                left, offset = left[count:], offset + count
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Close the files, and so remove the temporary one."""
        with self._lock:
            self._is_closed = True
            self._stream.close()
            if self._file is not None:
                self._file.close()
            if self._beyond is not None:
                self._beyond.close()


class RandomContent(Protocol):
    """The bytes of an uncompressed layer; several threads may read them."""

    def read(self, offset: int, size: int) -> bytes:
        """Return exactly these bytes; raises InvalidLayer where the layer ends before them or is broken."""

    def prepare(self) -> Iterator[int]:
        """Make every later read quick, and yield the number of stored bytes read, now and then.

        The caller may stop at any yield. A break ends it without an error; a read of the bytes behind it raises one.
        """

    def close(self) -> None:
        """Close open files, and remove temporary ones."""


def open_random_content(layer: Layer, budget: SpoolBudget) -> RandomContent:
    """Open the content of a layer; raises InvalidLayer where it is missing or cannot be opened."""
    with reading_errors():
        if layer.unpacked is not None:
            return TarSplitContent(layer.unpacked)
        blob, compression = stored_form(layer)
        match compression:
            case Compression.NONE:
                return PlainContent(blob)
            case Compression.GZIP:
                return CheckpointedContent(blob)
            case _:
                return SpooledContent(blob, compression, budget)
