"""The content of files in a layer, read by offset in its uncompressed tar."""

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Protocol

from layerscope.errors import InvalidLayer, os_reason
from layerscope.model.entries import EntryTable
from layerscope.model.image import Compression, FileSpan, Layer
from layerscope.sources.store.tar_split import TarSplitContent, TarSplitStream
from layerscope.sources.stream.compression import DecompressedSpan, check_unchanged, open_span
from layerscope.sources.tar.blocks import open_stream
from layerscope.work import stop_if

_CHUNK = 96 * 1024
"""Bytes of a read; memory of 128 KiB or more comes from the system each time."""


class LayerContent(Protocol):
    """The bytes of an uncompressed layer. Reads at ascending offsets cost one pass at most."""

    def chunks(self, offset: int, size: int) -> Iterator[bytes]:
        """Yield exactly these bytes; raises InvalidLayer where the layer ends before them or is broken."""

    def read_unchecked(self, offset: int, size: int) -> bytes:
        """Return exactly these bytes; the caller has to `check_unchanged` after the last of them."""

    def check_unchanged(self) -> None:
        """Raise InvalidLayer where other bytes may have been written over those of the layer."""

    def close(self) -> None:
        """Close what is open."""


class PlainContent:
    """A plain layer, read in place."""

    def __init__(self, span: FileSpan, is_stopped: Callable[[], bool] = bool) -> None:
        self._span = span
        self._is_stopped = is_stopped
        self._descriptor = open_span(span)

    def chunks(self, offset: int, size: int) -> Iterator[bytes]:
        end = offset + size
        while offset < min(end, self._span.size):
            chunk = self.read_unchecked(offset, min(end, self._span.size, offset + _CHUNK) - offset)
            yield chunk
            offset += len(chunk)
        self._check_end(end)
        self.check_unchanged()

    def read(self, offset: int, size: int) -> bytes:
        """Return exactly these bytes; any thread may call it."""
        data = self.read_unchecked(offset, size)
        self.check_unchanged()
        return data

    def read_unchecked(self, offset: int, size: int) -> bytes:
        """Return these bytes as the file has them now."""
        stop_if(self._is_stopped)
        self._check_end(offset + size)
        try:
            data = os.pread(self._descriptor, size, self._span.offset + offset)
        except OSError as error:
            raise InvalidLayer(f"cannot read the layer: {os_reason(error)}", offset) from error
        if len(data) < size:
            raise InvalidLayer("the file ends before this content does", offset + len(data))
        return data

    def check_unchanged(self) -> None:
        check_unchanged(self._span, self._descriptor)

    def _check_end(self, end: int) -> None:
        if end > self._span.size:
            raise InvalidLayer("the layer ends before this content does", self._span.size)

    def prepare(self) -> Iterator[int]:
        """Yield nothing: any byte can be read without preparation."""
        return iter(())

    def close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        os.close(descriptor)


class StreamedContent:
    """A compressed layer, decompressed from its start; a read at a lower offset starts again."""

    def __init__(self, span: FileSpan, compression: Compression, is_stopped: Callable[[], bool] = bool) -> None:
        self._span = span
        self._compression = compression
        self._is_stopped = is_stopped
        self._stream: DecompressedSpan = DecompressedSpan(span, compression)
        self._position = 0
        self._rest = b""

    def chunks(self, offset: int, size: int) -> Iterator[bytes]:
        if offset < self._position:
            self._stream.close()
            self._stream, self._position, self._rest = DecompressedSpan(self._span, self._compression), 0, b""
        while self._position < offset:
            self._take(offset - self._position)
        while size:
            chunk = self._take(size)
            yield chunk
            size -= len(chunk)
        # a wrong checksum may be known by now, although every byte could be decompressed
        self._stream.check()

    def read_unchecked(self, offset: int, size: int) -> bytes:
        return b"".join(self.chunks(offset, size))

    def check_unchanged(self) -> None:
        self._stream.check_unchanged()

    def _take(self, most: int) -> bytes:
        stop_if(self._is_stopped)
        data = self._rest or self._stream.read1(_CHUNK)
        if not data:
            raise InvalidLayer("the layer ends before this content does", self._position)
        taken, self._rest = data[:most], data[most:]
        self._position += len(taken)
        return taken

    def close(self) -> None:
        self._stream.close()


@contextmanager
def reading_errors() -> Iterator[None]:
    """Turn an OSError into the InvalidLayer that says so."""
    try:
        yield
    except OSError as error:
        raise InvalidLayer(f"cannot read the layer: {os_reason(error)}") from error


def stored_form(layer: Layer) -> tuple[FileSpan, Compression]:
    """Return the blob of a layer and its compression; raises InvalidLayer where it is missing."""
    if layer.blob is None or layer.compression is None:
        raise InvalidLayer(layer.problem or "the layer is missing")
    return layer.blob, layer.compression


def open_layer_content(layer: Layer, is_stopped: Callable[[], bool] = bool) -> LayerContent:
    """Open the content of a layer; raises InvalidLayer where it is missing or cannot be opened.

    Once ``is_stopped`` returns True, every read raises ReadingStopped.
    """
    with reading_errors():
        if layer.unpacked is not None:
            return TarSplitContent(layer.unpacked, is_stopped)
        blob, compression = stored_form(layer)
        if compression is Compression.NONE:
            return PlainContent(blob, is_stopped)
        return StreamedContent(blob, compression, is_stopped)


def tar_chunks(layer: Layer, is_stopped: Callable[[], bool] = bool) -> Iterator[bytes]:
    """Yield the uncompressed tar of a layer from start to end; raises InvalidLayer, and ReadingStopped as others do."""
    with reading_errors():
        stream = TarSplitStream(layer.unpacked) if layer.unpacked else open_stream(*stored_form(layer))
        with closing(stream):
            while chunk := stream.read1(_CHUNK):
                stop_if(is_stopped)
                yield chunk
            stream.check()


def blob_start(layer: Layer, size: int) -> bytes:
    """Return the first bytes of a layer's blob as it is stored; none of a layer that has no blob."""
    if layer.blob is None:
        return b""
    with reading_errors(), closing(DecompressedSpan(layer.blob, Compression.NONE)) as stream:
        return stream.read1(size)


def stored_pieces(table: EntryTable, row: int) -> Iterator[tuple[int, int, int]]:
    """Yield offset in the file, offset in the layer and length of each stored piece of a file. The rest is zeros."""
    offset, pieces = table.data_offsets[row], table.sparse.get(row)
    for start, length in ((0, table.sizes[row]),) if pieces is None else pieces:
        yield start, offset, length
        offset += length


def stored_chunks(content: LayerContent, table: EntryTable, row: int) -> Iterator[tuple[int, bytes]]:
    """Yield the stored bytes of a regular file in chunks, each with its offset in the file. The rest is zeros.

    This costs no more than the bytes stored, where `file_chunks` expands holes, of which 8 EiB fit into a few bytes.
    """
    for start, offset, length in stored_pieces(table, row):
        reached = start
        for chunk in content.chunks(offset, length):
            yield reached, chunk
            reached += len(chunk)


def file_chunks(content: LayerContent, table: EntryTable, row: int) -> Iterator[bytes]:
    """Yield the bytes of a regular file, the holes of a sparse one as zeros."""
    reached = 0
    for start, offset, length in stored_pieces(table, row):
        yield from _zeros(start - reached)
        yield from content.chunks(offset, length)
        reached = start + length
    yield from _zeros(table.sizes[row] - reached)


def _zeros(count: int) -> Iterator[bytes]:
    while count > 0:
        yield bytes(min(count, _CHUNK))
        count -= _CHUNK
