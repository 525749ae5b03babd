"""Brings bytes that cannot be read in place into a temporary file: standard input, an export, a compressed archive.

Memory stays bounded, and the file goes with the stack that owns it, also after an error or Ctrl+C.
"""

import errno
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from io import FileIO
from pathlib import Path
from typing import IO

from layerscope.errors import InvalidLayer, SourceError, UnsupportedCompression
from layerscope.model.image import Compression
from layerscope.model.progress import Progress, no_progress
from layerscope.model.span import FileSpan
from layerscope.sources.stream.compression import DecompressedSpan, open_decompressed
from layerscope.text import short_name

_CHUNK = 1024 * 1024
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Spool:
    """Writes temporary files, and removes them when its stack closes."""

    def __init__(self, stack: ExitStack, progress: Progress = no_progress) -> None:
        self._stack = stack
        self._progress = progress
        self._written: set[str] = set()

    def chunks(self, chunks: Iterable[bytes], name: str, total: int | None = None) -> FileSpan:
        """Return where the chunks lie now; ``name`` is what an error calls them.

        Raises SourceError where the disk is full or cannot be written.
        """
        return self._write(_counted(chunks, self._progress, total), name)

    def stream(self, file: IO[bytes], name: str) -> FileSpan:
        """Return where the bytes of an open file lie now; raises SourceError where they cannot be read or kept."""
        return self.chunks(_read_chunks(file, name), name)

    def decompressed(self, span: FileSpan, compression: Compression, name: str) -> tuple[FileSpan, str | None]:
        """Return where the decompressed bytes lie now, and a sentence where the stream breaks off.

        What was decompressed before the break is kept; a compressed temporary file goes. Raises SourceError where the
        disk is full or cannot be written, and UnsupportedCompression.
        """
        breaks: list[str] = []
        plain = self._write(_decompressed_chunks(span, compression, name, self._progress, breaks), name)
        if span.path in self._written:
            Path(span.path).unlink()
        return plain, breaks[0] if breaks else None

    def _write(self, chunks: Iterable[bytes], name: str) -> FileSpan:
        import tempfile  # noqa: PLC0415  # 8 ms, and most archives are read where they lie

        try:
            folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="layerscope-"))
            path = Path(folder, "image.tar")
            with path.open("xb", buffering=0) as file:
                for chunk in chunks:
                    _write_all(file, chunk)
                size = file.tell()
            self._written.add(str(path))
        except OSError as error:
            raise SourceError(_sentence(error, name, tempfile.tempdir)) from error
        return FileSpan(str(path), 0, size, size)


def _counted(chunks: Iterable[bytes], progress: Progress, total: int | None) -> Iterator[bytes]:
    done = 0
    progress(0, total)
    for chunk in chunks:
        yield chunk
        done += len(chunk)
        # an engine's size is an estimate
        progress(done, None if total is None else max(total, done))


def _read_chunks(file: IO[bytes], name: str) -> Iterator[bytes]:
    try:
        while chunk := file.read(_CHUNK):
            yield chunk
    except OSError as error:
        raise SourceError(f"{name} cannot be read: {error.strerror}") from error


def _decompressed_chunks(
    span: FileSpan, compression: Compression, name: str, progress: Progress, breaks: list[str]
) -> Iterator[bytes]:
    with _opened(span, compression, name) as stream:
        try:
            while chunk := stream.read1(_CHUNK):
                yield chunk
                progress(stream.consumed, span.size)
        except InvalidLayer as error:
            breaks.append(f"{name} is truncated or broken: {error}")
        except UnsupportedCompression as error:
            raise UnsupportedCompression(f"{name} cannot be unpacked: {error}") from error


def _opened(span: FileSpan, compression: Compression, name: str) -> DecompressedSpan:
    try:
        return open_decompressed(span, compression)
    except OSError as error:
        raise SourceError(f"{name} cannot be read: {error.strerror}") from error


def _write_all(file: FileIO, chunk: bytes) -> None:
    """Write the whole chunk: an unbuffered file may take less at once."""
    left = memoryview(chunk)
    while left:
        left = left[file.write(left) :]


def _sentence(error: OSError, name: str, temporary: str | None) -> str:
    folder = short_name(temporary or "the temporary folder")
    if error.errno in _FULL:
        return f"there is not enough room in {folder} for the bytes of {name}: set TMPDIR to a folder with more"
    return f"the bytes of {name} cannot be kept in {folder}: {error.strerror or error}"
