"""Temporary files for bytes that cannot be read in place: standard input, an engine's export, a compressed archive.

Memory stays bounded, and the files are removed with the stack that owns them, also after an error or Ctrl+C.
"""

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from io import FileIO
from itertools import count
from pathlib import Path
from threading import Lock
from typing import IO, TYPE_CHECKING

from msgspec.structs import replace

from layerscope.errors import InvalidLayer, SourceError, UnsupportedCompression, os_reason
from layerscope.model.image import Compression, FileSpan
from layerscope.model.progress import Progress, no_progress
from layerscope.sources.stream.compression import DecompressedSpan
from layerscope.temporary import locked_folder
from layerscope.text import short_name

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_CHUNK = 1024 * 1024
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

_RESERVED = 1_000_000_000
_RESERVED_SHARE = 20
"""The bytes of a disk that stay free, at most a twentieth of it: a few kilobytes may be compressed terabytes."""

_BETWEEN_CHECKS = 64 * 1024 * 1024


class SpoolFile(FileIO):
    """A new file that does not fill its disk: the write that would take the reserved bytes raises OSError."""

    _unchecked = 0

    @property
    def span(self) -> FileSpan:
        """The bytes that have been written."""
        size = self.tell()
        return FileSpan(str(self.name), 0, size, size)

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write the bytes, or a part of them, and return how many."""
        size = len(memoryview(data))
        self._unchecked -= size
        if self._unchecked < 0:
            disk = os.fstatvfs(self.fileno())
            reserved = min(_RESERVED, disk.f_blocks * disk.f_frsize // _RESERVED_SHARE)
            if disk.f_bavail * disk.f_frsize < reserved + size:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self._unchecked = _BETWEEN_CHECKS
        return super().write(data)


class Spool:
    """Temporary files that are removed when a stack closes. Safe for several threads."""

    def __init__(self, stack: ExitStack, progress: Progress = no_progress) -> None:
        self._stack = stack
        self.progress = progress
        self._written: set[str] = set()
        self._folder: Path | None = None
        self._numbers = count()
        self._lock = Lock()

    def on_close(self, close: Callable[[], object]) -> None:
        """Call ``close`` when the stack closes."""
        self._stack.callback(close)

    def chunks(self, chunks: Iterable[bytes], name: str) -> FileSpan:
        """Write the chunks to a file, and return its span; an error calls them ``name``.

        Raises SourceError where the disk is full or cannot be written.
        """
        return self._write(_counted(chunks, self.progress), name)

    def stream(self, file: IO[bytes], name: str) -> FileSpan:
        """Copy an open file, and return the span of the copy; raises SourceError where it cannot be read or written."""
        return self.chunks(_read_chunks(file, name), name)

    def decompressed(
        self, span: FileSpan, compression: Compression, name: str, progress: Progress
    ) -> tuple[FileSpan, str | None]:
        """Write the decompressed bytes of a span to a file; return its span, and a sentence where the stream breaks.

        The bytes before the break are kept. A span that is itself a temporary file is removed. Raises SourceError where
        the disk is full or cannot be written, and UnsupportedCompression.
        """
        breaks: list[str] = []
        plain = self._write(_decompressed_chunks(span, compression, name, progress, breaks), name)
        packed = span.packed or span
        if breaks:
            # another version of a library may recover more
            packed = replace(packed, version=None)
        plain = replace(plain, packed=packed)
        if span.path in self._written:
            Path(span.path).unlink()
        return plain, breaks[0] if breaks else None

    def _write(self, chunks: Iterable[bytes], name: str) -> FileSpan:
        def write(file: FileIO) -> None:
            for chunk in chunks:
                write_all(file, chunk)

        return self.file(write, name)

    def file(self, write: Callable[[FileIO], None], name: str) -> FileSpan:
        """Return the span of the bytes that ``write`` writes to a new file; raises as `new_file` does."""
        with self.new_file(name) as file:
            write(file)
            return file.span

    @contextmanager
    def new_file(self, name: str) -> Iterator[SpoolFile]:
        """Open a new file, which is removed again if it cannot be written whole; ``name`` is what an error calls it.

        Raises SourceError where the disk is full or cannot be written.
        """
        import tempfile  # noqa: PLC0415  # 2 ms, and most archives are read in place

        try:
            with self._lock:
                if self._folder is None:
                    self._folder = locked_folder(self._stack)
                path = self._folder / f"{next(self._numbers)}.tar"
            with SpoolFile(str(path), "xb") as file, ExitStack() as unfinished:
                unfinished.callback(path.unlink)
                yield file
                unfinished.pop_all()
            self._written.add(str(path))
        except OSError as error:
            raise SourceError(_sentence(error, name, tempfile.tempdir)) from error


def _counted(chunks: Iterable[bytes], progress: Progress) -> Iterator[bytes]:
    done = 0
    progress(0, None)
    for chunk in chunks:
        yield chunk
        done += len(chunk)
        progress(done, None)


def _read_chunks(file: IO[bytes], name: str) -> Iterator[bytes]:
    try:
        while chunk := file.read(_CHUNK):
            yield chunk
    except OSError as error:
        raise SourceError(f"cannot read {name}: {os_reason(error)}") from error


def _decompressed_chunks(
    span: FileSpan, compression: Compression, name: str, progress: Progress, breaks: list[str]
) -> Iterator[bytes]:
    with closing(_opened(span, compression, name)) as stream:
        try:
            while chunk := stream.read1(_CHUNK):
                yield chunk
                progress(stream.consumed, span.size)
        except InvalidLayer as error:
            breaks.append(f"{name} is truncated or broken: {error}")
        except UnsupportedCompression as error:
            raise UnsupportedCompression(f"cannot decompress {name}: {error}") from error


def _opened(span: FileSpan, compression: Compression, name: str) -> DecompressedSpan:
    try:
        return DecompressedSpan(span, compression)
    except OSError as error:
        raise SourceError(f"cannot read {name}: {os_reason(error)}") from error


def write_all(file: FileIO, chunk: bytes) -> None:
    """Write the whole chunk: one write to an unbuffered file may take only a part of it."""
    left = memoryview(chunk)
    while left:
        left = left[file.write(left) :]


def _sentence(error: OSError, name: str, temporary: str | None) -> str:
    folder = short_name(temporary or "the temporary folder")
    if error.errno in _FULL:
        return f"not enough space in {folder} for a copy of {name}: set TMPDIR to a folder with more"
    return f"cannot write a copy of {name} to {folder}: {os_reason(error)}"
