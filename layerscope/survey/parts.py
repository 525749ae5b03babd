"""The parts of a data set: Parquet files that are named after their content, and say whose rows they hold.

A key is a diff_id or the digest of an image. Rows that a better reading may replace have a key with a prefix: those of
what could not be read whole `INCOMPLETE`, and those that only a table of contents claims `CLAIMED`.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from layerscope.survey.schema import LAYER_TABLES, Table, schema
from layerscope.survey.store import Store

_KEYS = b"layerscope.keys"
ROWS = 100_000
"""The rows of a part, at least, where a survey has as many."""

INCOMPLETE, CLAIMED = "!", "?"
_RANKS = ("", INCOMPLETE, CLAIMED)

Row = dict[str, Any]
"""A row by the names of its columns."""


def bare(key: str) -> str:
    """Return a key without its prefix."""
    return key.lstrip(INCOMPLETE + CLAIMED)


class _Part(NamedTuple):
    path: str
    keys: tuple[str, ...]
    rows: int


def _parts(store: Store, table: Table) -> Iterator[_Part]:
    for path in store.parts(table):
        with store.open(path) as file:
            metadata = pq.read_metadata(file)
        yield _Part(path, tuple(json.loads((metadata.metadata or {}).get(_KEYS, b"[]"))), metadata.num_rows)


def known_keys(store: Store, table: Table) -> set[str]:
    """Return the keys whose rows the parts of a table have."""
    return {key for part in _parts(store, table) for key in part.keys}


class PartWriter:
    """Collects the rows of one table, and writes them as parts."""

    def __init__(self, store: Store, table: Table) -> None:
        self._store = store
        self._table = table
        self._schema = schema(table)
        self._batches: list[pa.Table] = []
        self._keys: list[str] = []
        self._rows = 0
        self.written = set[str]()
        """The paths of the parts that have been written."""

    def add(self, key: str, columns: Sequence[Iterable[object]]) -> None:
        """Add all rows of a key, in columns that Arrow has already or makes of them."""
        pairs = zip(columns, self._schema, strict=True)
        arrays = [values if isinstance(values, pa.Array) else pa.array(values, field.type) for values, field in pairs]
        self.take([key], pa.Table.from_arrays(arrays, schema=self._schema))

    def add_rows(self, key: str, image: str, rows: Sequence[tuple[object, ...]]) -> None:
        """Add all rows of a key, which lack the image in their first column."""
        columns = zip(*rows, strict=True) if rows else [()] * (len(self._schema) - 1)
        self.add(key, [[image] * len(rows), *columns])

    def take(self, keys: Collection[str], rows: pa.Table) -> None:
        """Add all rows of some keys."""
        self._batches.append(rows)
        self._keys += keys
        self._rows += len(rows)
        if self._rows >= ROWS:
            self.flush()

    def flush(self) -> None:
        """Write what has been added."""
        if not self._keys:
            return
        rows = pa.concat_tables(self._batches).replace_schema_metadata({_KEYS: json.dumps(self._keys)})
        self._batches, self._keys, self._rows = [], [], 0
        self.written.add(self._store.write(self._table, _encoded(rows)))


def read_rows(store: Store, parts: Iterable[str], columns: Sequence[str] | None = None) -> Iterator[Row]:
    """Yield some columns of all rows of some parts, or all columns."""
    for path in parts:
        with store.open(path) as file:
            yield from pq.ParquetFile(file).read(columns).to_pylist()


def write_rows(store: Store, table: Table, name: str, rows: Sequence[Row]) -> str:
    """Write a part under a name, in place of an earlier one, and return its path."""
    return store.write(table, _encoded(pa.Table.from_pylist(rows, schema(table))), name)


def _encoded(rows: pa.Table) -> bytes:
    buffer = BytesIO()
    pq.write_table(rows, buffer, compression="zstd")
    return buffer.getvalue()


def settle(store: Store, table: Table) -> None:
    """Drop rows that a part has twice or that a better reading replaces, and merge the parts that are small.

    What is merged is written before the parts it comes from are removed: if that is interrupted, the next run drops the
    doubles. Only one process at a time may do it.
    """
    parts = list(_parts(store, table))
    owners = dict[str, tuple[int, int, str, str]]()
    for part in parts:
        for key in part.keys:
            candidate = (_RANKS.index(key[: len(key) - len(bare(key))]), -part.rows, part.path, key)
            owners[bare(key)] = min(candidate, owners.get(bare(key), candidate))
    kept = {part.path: [key for key in part.keys if owners[bare(key)][2:] == (part.path, key)] for part in parts}
    partial = [part for part in parts if len(kept[part.path]) < len(part.keys)]
    small = [part for part in parts if part.rows < ROWS and part not in partial]
    if len(small) > 1 or partial:
        _rewrite(store, table, [*partial, *small], kept)


def _rewrite(store: Store, table: Table, parts: Sequence[_Part], kept: Mapping[str, Sequence[str]]) -> None:
    writer, column = PartWriter(store, table), "diff_id" if table in LAYER_TABLES else "image"
    for part in parts:
        keys = kept[part.path]
        if not keys:
            continue
        with store.open(part.path) as file:
            rows = pq.ParquetFile(file).read()
        if len(keys) < len(part.keys):
            rows = rows.filter(pc.is_in(rows[column], pa.array([bare(key) for key in keys])))
        writer.take(keys, rows)
    writer.flush()
    for part in parts:
        # alone, a part is written under its own name again
        if part.path not in writer.written:
            store.remove(part.path)
