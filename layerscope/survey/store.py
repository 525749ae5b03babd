"""The folder of a data set, on this machine or at a URL that fsspec knows: https://filesystem-spec.readthedocs.io."""

import fcntl
import os
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, NamedTuple

from fsspec.core import url_to_fs
from isal import isal_zlib

from layerscope.errors import UsageError
from layerscope.survey.schema import Table
from layerscope.text import printable_line, short_name

_RECORDS = ".records"
"""The folder of what is known of each layer, from which images are stacked without reading the layer again."""


class Shard(NamedTuple):
    """A share of the work, from 0, of the equal ones in ``total``; no two have the same layer or image."""

    number: int
    total: int

    def has(self, digest: str) -> bool:
        """Return whether a digest belongs to the share, on every machine the same."""
        return int.from_bytes(sha256(digest.encode()).digest()[:8]) % self.total == self.number


class Store:
    """A folder of files that are written whole or not at all; every process may write to it."""

    def __init__(self, folder: str) -> None:
        """Name a folder, which need not exist; raises UsageError for a URL that cannot be used."""
        self.name = short_name(folder)
        folder = folder.removeprefix("file://")
        self.url = folder if "://" in folder else os.path.realpath(folder)
        try:
            self.files, self.root = url_to_fs(self.url)
        except (ValueError, ImportError, OSError) as error:
            raise UsageError(f"cannot use {self.name}: {printable_line(str(error))}") from error
        self.is_local = "://" not in folder

    def parts(self, table: Table) -> list[str]:
        """Return the paths of the parts of a table."""
        # other processes write to it
        self.files.invalidate_cache()
        try:
            return sorted(path for path in self.files.ls(f"{self.root}/{table}", detail=False) if _is_part(path))
        except FileNotFoundError:
            return []

    def address(self, path: str) -> str:
        """Return a path as other programs name it: with its protocol if it is not on this machine."""
        return path if self.is_local else str(self.files.unstrip_protocol(path))

    def open(self, path: str) -> IO[bytes]:
        """Open a part."""
        file: IO[bytes] = self.files.open(path, "rb")
        return file

    def write(self, table: Table, data: bytes, name: str = "") -> str:
        """Write a part, and return its path; without a name, it is named after its content."""
        path = f"{self.root}/{table}/{name or sha256(data).hexdigest()[:32]}.parquet"
        self._write(path, data)
        return path

    def _write(self, path: str, data: bytes) -> None:
        """Write a file: an object with one request, another file beside its place."""
        if not self.is_local:
            try:
                self._send(path, data)
            except OSError as error:
                reason = error.strerror or printable_line(str(error))
                raise UsageError(f"cannot write to {self.name}: {reason}") from error
            return
        folder, name = Path(path).parent, Path(path).name
        folder.mkdir(parents=True, exist_ok=True)
        temporary = folder / f".{name}-{os.getpid()}"
        temporary.write_bytes(data)
        temporary.replace(path)

    def _send(self, path: str, data: bytes) -> None:
        try:
            self.files.pipe_file(path, data)
        except FileNotFoundError:
            # it has folders, unlike an object store, where making them would make a bucket that is not there
            if not self.files.exists(self.root.rpartition("/")[0]):
                raise
            self.files.makedirs(path.rpartition("/")[0], exist_ok=True)
            self.files.pipe_file(path, data)

    def remove(self, path: str) -> None:
        with suppress(FileNotFoundError):
            self.files.rm_file(path)

    def keep_record(self, diff_id: str, record: bytes) -> None:
        """Keep what is known of a layer."""
        self._write(self._record(diff_id), isal_zlib.compress(record, 1))

    def record(self, diff_id: str) -> bytes | None:
        """Return what is known of a layer, None if there is no whole record of it."""
        try:
            packed: Any = self.files.cat_file(self._record(diff_id))
            return isal_zlib.decompress(packed)
        except (FileNotFoundError, zlib.error):
            return None

    def _record(self, diff_id: str) -> str:
        return f"{self.root}/{_RECORDS}/{diff_id.rpartition(':')[2]}"

    def only_writer(self, shard: Shard | None) -> AbstractContextManager[None]:
        """Keep other surveys out of the folder; shards keep out only those of the same share.

        A lock ends with the process. There are none in an object store, where the next survey drops what two wrote.
        Raises UsageError if another survey has the lock, or if the folder cannot be written.
        """
        return self._locked(shard) if self.is_local else nullcontext()

    @contextmanager
    def _locked(self, shard: Shard | None) -> Iterator[None]:
        locks = {".lock": fcntl.LOCK_SH if shard else fcntl.LOCK_EX}
        if shard:
            locks[f".lock-{shard.number}-{shard.total}"] = fcntl.LOCK_EX
        try:
            with ExitStack() as stack:
                Path(self.root).mkdir(parents=True, exist_ok=True)
                for name, mode in locks.items():
                    lock = stack.enter_context((Path(self.root) / name).open("wb"))
                    fcntl.flock(lock, mode | fcntl.LOCK_NB)
                yield
        except BlockingIOError as error:
            raise UsageError(f"another survey is writing to {self.name}: wait for its end") from error
        except OSError as error:
            raise UsageError(f"cannot write to {self.name}: {error.strerror or error}") from error


def _is_part(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name.endswith(".parquet") and not name.startswith(".")
