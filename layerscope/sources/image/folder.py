"""The files of a folder: an OCI image layout, or an unpacked ``docker save`` archive.

https://github.com/opencontainers/image-spec/blob/main/image-layout.md
"""

import os
import stat
from pathlib import Path

from layerscope.errors import MissingBlob, os_reason
from layerscope.model.span import FileSpan
from layerscope.text import path_bytes, short_name


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
