"""The named files of an image, which a source only locates; those of a folder: a layout, or an unpacked archive.

https://github.com/opencontainers/image-spec/blob/main/image-layout.md
"""

import os
import stat
from pathlib import Path
from typing import Protocol

from layerscope.errors import MissingBlob, os_reason
from layerscope.model.span import FileSpan
from layerscope.sources.stream.span_file import SpanFile
from layerscope.text import path_bytes, short_name


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
