"""The named files of an archive or a folder, and the JSON documents among them, within one budget for all."""

import os
import stat
from pathlib import Path
from typing import Protocol, TypeVar, cast

from layerscope.errors import FormatError, InvalidManifest, MissingBlob, os_reason
from layerscope.model.documents import Digest, decode
from layerscope.model.image import FileSpan
from layerscope.sources.stream.compression import SpanFile
from layerscope.text import human_size, path_bytes, short_name


class Files(Protocol):
    """The files of an archive or a folder, by name."""

    @property
    def description(self) -> str:
        """The name of the archive or folder for messages; safe for a screen."""

    @property
    def error(self) -> str | None:
        """The reason why files may be missing, if the archive is truncated or broken."""

    def span(self, name: str) -> FileSpan | None:
        """Return the span of the file, or None if there is no such file.

        Raises MissingBlob if the name leads out of the archive or folder, or to a loop of links.
        """


def holds(files: Files, name: str) -> bool:
    """Return True if there is such a file."""
    try:
        return files.span(name) is not None
    except MissingBlob:
        return False


def located(files: Files, name: str) -> str:
    """Return the name of a file for messages: ``manifest.json in my-app.tar``."""
    return f"{short_name(name)} in {files.description}"


def read_span(span: FileSpan, name: str) -> bytes:
    """Return all bytes of a span; raises MissingBlob, which calls it ``name``, if they cannot be read."""
    try:
        with SpanFile(span) as file:
            return file.readall()
    except OSError as error:
        raise MissingBlob(f"cannot read {name}: {os_reason(error)}") from error


class FolderFiles:
    """The regular files below a folder; names and symlinks that lead out of it are refused."""

    error: str | None = None

    def __init__(self, folder: Path) -> None:
        self._root = os.path.realpath(os.fsencode(folder))
        self.description = short_name(str(folder))

    def span(self, name: str) -> FileSpan | None:
        """Return the span of the file, or None if no regular file has that name."""
        path = self._path(name)
        try:
            status = os.stat(path) if path else None  # noqa: PTH116  # names are bytes here
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise MissingBlob(f"cannot read {short_name(name)} in {self.description}: {os_reason(error)}") from error
        if path is None or status is None or not stat.S_ISREG(status.st_mode):
            return None
        return FileSpan.of_file(os.fsdecode(path), status)

    def _path(self, name: str) -> bytes | None:
        """Return the real path of the name, all symlinks followed; None if no file can have this name."""
        if "\0" in name:
            return None
        path = os.path.realpath(os.path.join(self._root, path_bytes(name)))  # noqa: PTH118  # names are bytes here
        if os.path.commonpath((self._root, path)) != self._root:
            raise MissingBlob(f"{short_name(name)} is outside {self.description}")
        return path


T = TypeVar("T")

DOCUMENT_LIMIT = 32 * 1024 * 1024
"""The largest JSON document that is read; those of honest images are smaller."""

TOTAL_LIMIT = 64 * 1024 * 1024
"""The bytes of all documents that are read: 20,000 small ones cost as much as one large one."""

_MOST_VALUES = 1_000_000
"""The values in all documents: each costs up to 100 times its bytes once it is decoded."""


class Documents:
    """The documents of some files. Each is decoded once, however many names and descriptors refer to it."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self._size_left = TOTAL_LIMIT
        self._values_left = _MOST_VALUES
        self._read: set[FileSpan] = set()
        self._decoded: dict[tuple[FileSpan, object], object] = {}
        self._digests: dict[FileSpan, Digest] = {}

    def document(self, name: str, kind: type[T]) -> T:
        """Return the JSON document of the given type in the file.

        Raises MissingBlob if the file is missing or cannot be read, and InvalidManifest if it is truncated, larger than
        the limits, or not such a document.
        """
        span = self._span(name)
        key = (span, kind)
        if key not in self._decoded:
            try:
                self._decoded[key] = decode(self._bytes(span, name), kind, located(self.files, name))
            except FormatError as error:
                self._decoded[key] = error
        result = self._decoded[key]
        if isinstance(result, FormatError):
            # The stored error must not collect the traceback of every caller.
            raise result.with_traceback(None)
        return cast("T", result)

    def digest(self, name: str) -> Digest:
        """Return the SHA-256 digest of the file; raises as `document` does."""
        import hashlib  # noqa: PLC0415  # 5 ms, and most images name their documents by digest

        span = self._span(name)
        if span not in self._digests:
            data = self._bytes(span, name)
            self._digests[span] = Digest("sha256", hashlib.sha256(data).hexdigest())
        return self._digests[span]

    def starts_with(self, name: str, start: bytes) -> bool:
        """Return True if the file starts so, leading white space ignored; raises as `document` does."""
        return self.read(name).lstrip().startswith(start)

    def read(self, name: str) -> bytes:
        return self._bytes(self._span(name), name)

    def _span(self, name: str) -> FileSpan:
        files = self.files
        span = files.span(name)
        if span is None:
            reason = f"; {files.error}" if files.error else ""
            raise MissingBlob(f"{short_name(name) or 'a file without a name'} is not in {files.description}{reason}")
        if span.stated_size > DOCUMENT_LIMIT:
            size = human_size(span.stated_size)
            raise InvalidManifest(f"{located(files, name)} is too large for a document ({size})")
        if span.truncated:
            raise InvalidManifest(f"{located(files, name)} is incomplete: the archive is truncated")
        return span

    def _bytes(self, span: FileSpan, name: str) -> bytes:
        """Return the bytes of the span, read again each time: what is decoded of them takes memory enough."""
        if span not in self._read and span.size > self._size_left:
            raise InvalidManifest(f"the JSON documents in {self.files.description} exceed {human_size(TOTAL_LIMIT)}")
        data = read_span(span, located(self.files, name))
        if span not in self._read:
            self._read.add(span)
            self._size_left -= span.size
            # Each value but the last of an array or an object is followed by a comma.
            self._values_left -= data.count(b",")
        if self._values_left < 0:
            raise InvalidManifest(f"the JSON documents in {self.files.description} hold over {_MOST_VALUES:,} values")
        return data
