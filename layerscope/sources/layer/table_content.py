"""The content of files of a layer that is listed from its table of contents, by their places in the row of files."""

from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Protocol

from layerscope.errors import FormatError, InvalidLayer, SourceError, os_reason
from layerscope.model.entries import Kind, LayerEntries
from layerscope.model.image import FileSpan, Layer, ReadRange
from layerscope.sources.layer.content import LayerContent
from layerscope.sources.layer.reader import read_layer
from layerscope.sources.layer.table_of_contents import Chunk, chunks_at, list_table
from layerscope.sources.stream.compression import decompressed_start
from layerscope.work import IsStopped, stop_if

_AT_ONCE = 4 * 1024 * 1024
"""Stored bytes of a request, unless one piece has more."""

_LARGEST_PIECE = 64 * 1024 * 1024


class _Readable(Protocol):
    def read(self, offset: int, size: int) -> bytes: ...


class Moves:
    """The places of files in a layer's tar, by their places in the row of files of its table."""

    def __init__(self, listed: LayerEntries, whole: LayerEntries) -> None:
        rows: dict[bytes, deque[int]] = {}
        for row, path in enumerate(whole.paths):
            if whole.table.kinds[row] == Kind.FILE:
                rows.setdefault(path, deque()).append(row)
        self._starts, self._offsets = array("q"), array("q")
        table, found = listed.table, whole.table
        for row, path in enumerate(listed.paths):
            if table.sizes[row]:
                row_found = rows[path].popleft() if rows.get(path) else None
                is_same = row_found is not None and found.sizes[row_found] == table.sizes[row]
                is_plain = is_same and row_found not in found.sparse
                self._starts.append(table.data_offsets[row])
                self._offsets.append(found.data_offsets[row_found] if row_found is not None and is_plain else -1)

    def offset(self, place: int) -> int:
        """Return the offset in the tar; raises InvalidLayer where the tar has another file or none."""
        index = bisect_right(self._starts, place) - 1
        if index < 0 or self._offsets[index] < 0:
            raise InvalidLayer("its table of contents says other things of this file than the layer")
        return self._offsets[index] + place - self._starts[index]

    def content(self, content: LayerContent) -> LayerContent:
        """Return the content of the layer, by places in the row of files."""
        return _MovedContent(content, self)


def found_moves(listed: Layer, whole: Layer, is_stopped: IsStopped) -> Moves:
    """Return where the files are that a layer's table lists; raises InvalidLayer where it is not to be had any more."""
    if listed.table is None or listed.table.file is None:
        raise InvalidLayer("its table of contents cannot be had any more")
    entries = LayerEntries()
    deque(read_layer(whole, entries, is_stopped), maxlen=0)
    return Moves(list_table(read_table(listed.table.file), listed.blob_size or 0), entries)


class _MovedContent:
    """The content of a layer that is here whole, by places in the row of files."""

    def __init__(self, content: LayerContent, moves: Moves) -> None:
        self._content = content
        self._moves = moves
        self.check_unchanged = content.check_unchanged
        self.close = content.close

    def chunks(self, offset: int, size: int) -> Iterator[bytes]:
        return self._content.chunks(self._moves.offset(offset), size) if size else iter(())

    def read_unchecked(self, offset: int, size: int) -> bytes:
        return self._content.read_unchecked(self._moves.offset(offset), size) if size else b""


class TableContent:
    """The content of a layer, by ranges of its blob that are checked; any thread may read.

    Where a range cannot be had, or is not what the table says, the layer is read whole from then on.
    """

    def __init__(
        self,
        layer: Layer,
        read_range: ReadRange,
        open_whole: Callable[[], tuple[_Readable, Moves]],
        is_stopped: IsStopped,
    ) -> None:
        self._layer = layer
        self._read_range = read_range
        self._open_whole = open_whole
        self._is_stopped = is_stopped
        self._lock = Lock()
        self._whole: tuple[_Readable, Moves] | None = None
        self._chunks: list[Chunk] = []
        self._piece = (0, b"")
        """The last read: its position, and the bytes."""

    def read(self, offset: int, size: int) -> bytes:
        return b"".join(self.chunks(offset, size))

    read_unchecked = read

    def chunks(self, offset: int, size: int) -> Iterator[bytes]:
        end = offset + size
        while offset < end:
            stop_if(self._is_stopped)
            with self._lock:
                piece = self._from_piece(offset, end) or self._read_piece(offset, end)
            yield piece
            offset += len(piece)

    def check_unchanged(self) -> None:
        """Do nothing: what is read is checked."""

    def prepare(self) -> Iterator[int]:
        """Yield nothing: any byte can be read without preparation."""
        return iter(())

    def close(self) -> None:
        """Do nothing: who has opened the whole layer closes it."""

    def _from_piece(self, offset: int, end: int) -> bytes:
        start, data = self._piece
        return data[offset - start : end - start] if start <= offset else b""

    def _read_piece(self, offset: int, end: int) -> bytes:
        """Return bytes from an offset on, as many as are had at once."""
        if self._whole is None:
            piece = self._ranged(offset, end)
            if piece is not None:
                self._piece = piece
                return self._from_piece(offset, end)
            self._whole = self._open_whole()
        content, moves = self._whole
        return content.read(moves.offset(offset), min(end - offset, _AT_ONCE))

    def _ranged(self, offset: int, end: int) -> tuple[int, bytes] | None:
        """Return the pieces of a file from the one at an offset on, checked, and their place; None without them."""
        run = self._run(offset, end)
        if not run:
            return None
        first, stored = run[0].offset, run[-1].offset + run[-1].stored - run[0].offset
        try:
            data = self._read_range(self._layer, first, stored)
        except (FormatError, SourceError):
            return None
        compression = self._layer.compression
        if data is None or compression is None:
            return None
        pieces = []
        for chunk in run:
            at = chunk.offset - first
            found = data[at : at + chunk.stored]
            found = decompressed_start(found, compression, chunk.inner + chunk.size)[chunk.inner :]
            if len(found) != chunk.size or f"sha256:{sha256(found).hexdigest()}" != chunk.digest:
                return None
            pieces.append(found)
        return run[0].start, b"".join(pieces)

    def _run(self, offset: int, end: int) -> list[Chunk]:
        """Return pieces that follow each other, in the file and in the blob, the one at an offset first."""
        if not any(chunk.start <= offset < chunk.start + chunk.size for chunk in self._chunks):
            self._chunks = self._chunks_at(offset)
        run = list[Chunk]()
        for chunk in self._chunks:
            if chunk.start + chunk.size <= offset:
                continue
            stored = chunk.offset + chunk.stored - run[0].offset if run else 0
            if run and (chunk.offset < run[-1].offset or chunk.start >= end or stored > _AT_ONCE):
                break
            if not 0 < chunk.stored <= _LARGEST_PIECE or chunk.inner + chunk.size > _LARGEST_PIECE:
                break
            run.append(chunk)
        return run

    def _chunks_at(self, offset: int) -> list[Chunk]:
        table = self._layer.table
        if table is None or table.file is None:
            return []
        try:
            return chunks_at(read_table(table.file), offset, self._layer.blob_size or 0)
        except InvalidLayer:
            return []


def listed_from_table(layer: Layer, file: FileSpan, entries: LayerEntries) -> None:
    """Fill ``entries`` from the table of a layer; ``entries.error`` says why that is not possible."""
    try:
        entries.extend(list_table(read_table(file), layer.blob_size or 0))
    except InvalidLayer as error:
        entries.error = str(error)


def read_table(file: FileSpan) -> bytes:
    """Return the table in a file; raises InvalidLayer where it cannot be read."""
    try:
        return Path(file.path).read_bytes()
    except OSError as error:
        raise InvalidLayer(f"its table of contents cannot be read: {os_reason(error)}") from error
