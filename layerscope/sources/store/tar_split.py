"""Layers that an engine keeps unpacked, with the headers of their tars in a tar-split file beside them.

A tar-split file is gzip-compressed JSON, a record a line. Type 2 holds raw bytes of the tar: headers, extended headers,
padding. Type 1 is the name and the size of a file, whose content is in a folder. Raw bytes and contents in turn
make the tar again, byte for byte. https://github.com/vbatts/tar-split#design
"""

import os
import stat
from array import array
from bisect import bisect_right
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from functools import cached_property

import msgspec
from msgspec import Struct

from layerscope.errors import InvalidLayer, ReadingStopped, os_reason
from layerscope.model.image import Compression, FileSpan, UnpackedLayer
from layerscope.sources.stream.compression import DecompressedSpan

CONTENT, RAW = 1, 2
"""The types of records: the content of a file, and raw bytes of the tar."""
_CHUNK = 256 * 1024
_LONGEST_RECORD = 64 * 1024 * 1024


class Record(Struct, frozen=True, omit_defaults=True):
    """One record: ``payload`` are raw bytes, ``name`` and ``size`` say which file is the content."""

    type: int
    payload: bytes | None = None
    name: str = ""
    name_raw: bytes | None = None
    size: int = 0

    @property
    def file_name(self) -> bytes:
        return self.name_raw or self.name.encode("utf-8", "surrogateescape")


_decoder = msgspec.json.Decoder(Record)


def _records(path: str) -> Generator[Record, None, None]:
    """Yield the records of a tar-split file; raises InvalidLayer where it is not one, and OSError."""
    size, rest = os.stat(path).st_size, b""  # noqa: PTH116  # a path, and no Path anywhere else here
    try:
        with closing(DecompressedSpan(FileSpan(path, 0, size, size), Compression.GZIP)) as stream:
            while data := stream.read1(_CHUNK):
                data = rest + data
                end = data.rfind(b"\n") + 1
                yield from _decoder.decode_lines(data[:end])
                rest = data[end:]
                if len(rest) > _LONGEST_RECORD:
                    raise InvalidLayer("the engine's list of the layer's headers has a record without end")
        yield from _decoder.decode_lines(rest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidLayer("the engine's list of the layer's headers is broken") from error


class TarSplitBlocks:
    """The blocks of an unpacked layer's tar for the walk, without the content between them."""

    def __init__(self, layer: UnpackedLayer) -> None:
        self.stored = os.stat(layer.headers).st_size  # noqa: PTH116  # raises OSError before the walk begins
        self._records = _records(layer.headers)
        self._base = 0
        self._chunk = b""

    def fetch(self, offset: int, need: int) -> bytes:
        """Return the bytes from ``offset`` on, at least ``need`` of them; raises InvalidLayer inside a content."""
        while self.end() <= offset and self._advance():
            pass
        if offset < self._base:
            raise InvalidLayer("the engine's list of the layer's headers has a gap", offset)
        pieces = [self._chunk[offset - self._base :]]
        have = len(pieces[0])
        while have < need and self._advance():
            if self._base != offset + have:
                raise InvalidLayer("the engine's list of the layer's headers has a gap", offset + have)
            pieces.append(self._chunk)
            have += len(self._chunk)
        if len(pieces) > 1:
            self._chunk, self._base = b"".join(pieces), offset
        return self._chunk[offset - self._base :]

    def read(self, offset: int, size: int) -> bytes:
        return self.fetch(offset, size)[:size]

    def _advance(self) -> bool:
        """Go on to the next raw bytes; contents only move the offset."""
        for record in self._records:
            if record.type == CONTENT:
                self._base, self._chunk = self.end() + record.size, b""
            elif record.type == RAW and record.payload:
                self._base, self._chunk = self.end(), record.payload
                return True
        return False

    def end(self) -> int:
        return self._base + len(self._chunk)

    def consumed(self) -> int:
        """Return the stored bytes that have been read, for progress: all or nothing, since few are stored."""
        return self.stored

    def check(self) -> None:
        """Do nothing: a changed store is noticed where a file of the layer is opened."""

    def close(self) -> None:
        self._records.close()


class TarSplitStream:
    """The bytes of an unpacked layer's tar, from start to end."""

    def __init__(self, layer: UnpackedLayer) -> None:
        self.stored = os.stat(layer.headers).st_size  # noqa: PTH116  # as above
        self._chunks = _tar_chunks(layer)
        self._failure: InvalidLayer | None = None
        self.consumed = 0

    def read1(self, _size: int, /) -> bytes:
        """Return what comes next, and none at the end; raises InvalidLayer where the store has changed."""
        if self._failure is not None:
            raise self._failure
        try:
            return next(self._chunks, b"")
        except InvalidLayer as error:
            self._failure = error
            raise

    def check(self) -> None:
        """Do nothing: a changed store is noticed where a file of the layer is opened."""

    def close(self) -> None:
        self._chunks.close()


def _tar_chunks(layer: UnpackedLayer) -> Generator[bytes, None, None]:
    folder = os.open(layer.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for record in _records(layer.headers):
            if record.type == RAW and record.payload:
                yield record.payload
            elif record.type == CONTENT and record.size:
                yield from _content_chunks(folder, record)
    finally:
        os.close(folder)


def _content_chunks(folder: int, record: Record) -> Iterator[bytes]:
    descriptor, left = open_beneath(folder, record.file_name, record.size), record.size
    try:
        while left:
            data = os.read(descriptor, min(left, _CHUNK))
            if not data:
                raise InvalidLayer("the engine's store has changed")
            yield data
            left -= len(data)
    finally:
        os.close(descriptor)


class TarSplitContent:
    """The content of an unpacked layer, by offset in its tar; any thread may read."""

    def __init__(self, layer: UnpackedLayer, is_stopped: Callable[[], bool] = bool) -> None:
        self._layer = layer
        self._is_stopped = is_stopped
        try:
            self._folder = os.open(layer.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise InvalidLayer("the engine has removed it from its store") from error

    def read(self, offset: int, size: int) -> bytes:
        return b"".join(self.chunks(offset, size))

    read_unchecked = read

    def check_unchanged(self) -> None:
        """Do nothing: a changed store is noticed where a file of the layer is opened."""

    def chunks(self, offset: int, size: int) -> Iterator[bytes]:
        with self._file(offset, size) as (descriptor, start):
            while size:
                if self._is_stopped():
                    raise ReadingStopped
                try:
                    data = os.pread(descriptor, min(size, _CHUNK), offset - start)
                except OSError as error:
                    raise InvalidLayer(f"the engine's store cannot be read: {os_reason(error)}", offset) from error
                if not data:
                    raise InvalidLayer("the engine's store has changed", offset)
                yield data
                offset, size = offset + len(data), size - len(data)

    @contextmanager
    def _file(self, offset: int, size: int) -> Iterator[tuple[int, int]]:
        """Open the file whose content holds these bytes; yield its descriptor and the offset of its content."""
        starts, sizes, names = self._contents
        row = bisect_right(starts, offset) - 1
        if row < 0 or offset + size > starts[row] + sizes[row]:
            raise InvalidLayer("the engine's store has no such content", offset)
        descriptor = open_beneath(self._folder, names[row], sizes[row])
        try:
            yield descriptor, starts[row]
        finally:
            os.close(descriptor)

    @cached_property
    def _contents(self) -> tuple["array[int]", "array[int]", list[bytes]]:
        """The offset of each content in the tar, its size, and the name of its file; read when first needed."""
        starts, sizes, names, offset = array("q"), array("q"), list[bytes](), 0
        for record in _records(self._layer.headers):
            if record.type == RAW:
                offset += len(record.payload or b"")
            elif record.type == CONTENT and record.size:
                starts.append(offset)
                sizes.append(record.size)
                names.append(record.file_name)
                offset += record.size
        return starts, sizes, names

    def prepare(self) -> Iterator[int]:
        """Yield nothing: every byte can be read at once."""
        return iter(())

    def close(self) -> None:
        """Close the folder; nothing can be read any more."""
        os.close(self._folder)


# A layer may hold symlinks, pipes and devices at any path, so a name is walked part by part and no link is followed.
FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

_DENIED = "Permission denied (of rootless podman, `podman unshare layerscope` can read every user's files)"
"""A rootless engine stores the files of a container's other users as those of users that only its name space has."""


def parts_of(name: bytes) -> list[bytes]:
    """Return the parts of a name, at least one; raises InvalidLayer for a name that leads out of the folder."""
    parts = [part for part in name.split(b"/") if part not in (b"", b".")]
    if b".." in parts or not parts:
        raise InvalidLayer("the engine's store names a file outside the layer")
    return parts


def folder_beneath(folder: int, parts: Iterable[bytes]) -> int:
    """Return a new descriptor of a folder beneath another one, or of that one; raises OSError."""
    descriptor = os.open(".", FOLDER_FLAGS, dir_fd=folder)
    for part in parts:
        above = descriptor
        try:
            descriptor = os.open(part, FOLDER_FLAGS, dir_fd=above)
        finally:
            os.close(above)
    return descriptor


def open_beneath(folder: int, name: bytes, size: int) -> int:
    """Return a descriptor of the regular file of that size; raises InvalidLayer for anything else.

    A file of another size, or of another kind, is not what the layer's headers describe: the store has changed.
    """
    *parents, leaf = parts_of(name)
    try:
        parent = folder_beneath(folder, parents)
        try:
            descriptor = os.open(leaf, _FILE_FLAGS, dir_fd=parent)
        finally:
            os.close(parent)
    except PermissionError as error:
        raise InvalidLayer(f"the engine's store cannot be read: {_DENIED}") from error
    except OSError as error:
        raise InvalidLayer(f"the engine's store cannot be read: {os_reason(error)}") from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_size != size:
        os.close(descriptor)
        raise InvalidLayer("the engine's store has changed")
    return descriptor
