"""The parts of a data set: Parquet files that are named after their content, and say whose rows they hold."""

import fcntl
import json
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from layerscope.errors import UsageError
from layerscope.survey.schema import Table, schema
from layerscope.text import printable_line

_KEYS = b"layerscope.keys"
ROWS = 100_000
"""The rows of a part, at least, where a run has as many."""

_UNREADABLE = "unreadable.parquet"
"""The only part that a later run replaces."""


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Keep other surveys out of the folder: two that add the same images would write their rows twice.

    The lock ends with the process. Raises UsageError if another survey has it, or if the folder cannot be written.
    """
    name = printable_line(str(folder))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
    except BlockingIOError as error:
        raise UsageError(f"another survey is writing to {name}: wait for its end") from error
    except OSError as error:
        raise UsageError(f"cannot write to {name}: {error.strerror}") from error


def known_keys(folder: Path, table: Table) -> set[str]:
    """Return the diff_ids or the images whose rows the parts of a table have."""
    keys = set[str]()
    for part in (folder / table).glob("*.parquet"):
        keys.update(json.loads((pq.read_metadata(part).metadata or {}).get(_KEYS, b"[]")))
    return keys


class PartWriter:
    """Collects the rows of one table, and writes them as a part beside its place, which is then renamed."""

    def __init__(self, folder: Path, table: Table) -> None:
        self._folder = folder / table
        self._schema = schema(table)
        self.names: list[str] = self._schema.names
        self._batches: list[pa.Table] = []
        self.keys: list[str] = []
        self._rows = 0

    def add(self, key: str, columns: Sequence[Iterable[object]]) -> None:
        """Add all rows of a key."""
        arrays = [pa.array(values, field.type) for values, field in zip(columns, self._schema, strict=True)]
        self._batches.append(pa.Table.from_arrays(arrays, schema=self._schema))
        self.keys.append(key)
        self._rows += len(arrays[0])
        if self._rows >= ROWS:
            self.flush()

    def flush(self) -> None:
        """Write what has been added."""
        if not self.keys:
            return
        rows = pa.concat_tables(self._batches).replace_schema_metadata({_KEYS: json.dumps(self.keys)})
        _write(self._folder, rows)
        self._batches, self.keys, self._rows = [], [], 0


def write_unreadable(folder: Path, tried: Collection[str], rows: Sequence[tuple[object, ...]]) -> None:
    """Write the rows of ``images`` that could not be read, in place of earlier ones of the references ``tried``."""
    table, names = schema(Table.IMAGES), schema(Table.IMAGES).names
    path = folder / Table.IMAGES / _UNREADABLE
    kept = [row for row in pq.read_table(path).to_pylist() if row["reference"] not in tried] if path.exists() else []
    found = [*kept, *(dict(zip(names, row, strict=True)) for row in rows)]
    if found:
        _write(path.parent, pa.Table.from_pylist(found, table), path.name)
    else:
        path.unlink(missing_ok=True)


def _write(folder: Path, rows: pa.Table, name: str = "") -> None:
    """Write a part beside its place, and rename it; without a name, it is named after its content."""
    buffer = BytesIO()
    pq.write_table(rows, buffer, compression="zstd")
    data = buffer.getvalue()
    name = name or f"{sha256(data).hexdigest()[:32]}.parquet"
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{name}-{os.getpid()}"
    temporary.write_bytes(data)
    temporary.replace(folder / name)
