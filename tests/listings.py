"""Listings of tars as layers."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from layerscope.model.entries import EntryTable, FileEntry, LayerEntries, OpaqueWhiteout, SparseMap, Whiteout
from layerscope.model.image import FileSpan, Layer
from layerscope.sources.layer.reader import read_layer
from layerscope.sources.stream.compression import detect_span

JUNK = b"bytes around the layer"

ListTar = Callable[[bytes], LayerEntries]
"""The type of the ``listed`` fixture."""


def list_tar(path: Path, blob: bytes) -> LayerEntries:
    """Return the listing of a blob that is written into the middle of the file at the path."""
    path.write_bytes(JUNK + blob + JUNK)
    span = FileSpan(str(path), len(JUNK), len(blob), len(blob))
    entries = LayerEntries()
    for consumed in read_layer(Layer(1, span, detect_span(span)), entries):
        assert 0 <= consumed <= len(blob)
    assert_sound(entries)
    return entries


def assert_sound(entries: LayerEntries) -> None:
    """Assert what holds for the listing of any bytes."""
    table, count = entries.table, len(entries.table)
    columns = (table.kinds, table.sizes, table.permissions, table.mtimes, table.data_offsets)
    assert [len(column) for column in columns] == [count] * len(columns)
    assert len(table.link_rows) == len(table.link_ends)
    assert all(size >= 0 for size in table.sizes)
    hidden = [marker.path for marker in entries.whiteouts] + [marker.directory for marker in entries.opaque_whiteouts]
    for path in [*entries.paths, *hidden]:
        assert not path or not set(path.split(b"/")) & {b"", b".", b".."}
        assert b"\0" not in path
    assert entries.error is None or entries.error.strip()


@dataclass(frozen=True)
class Listing:
    """A listing as values that can be compared."""

    entries: list[FileEntry]
    data_offsets: list[int]
    sparse: dict[int, SparseMap]
    whiteouts: list[Whiteout]
    opaque_whiteouts: list[OpaqueWhiteout]
    warnings: list[str]
    error: str | None


def listing(entries: LayerEntries) -> Listing:
    """Return a listing as values."""
    table: EntryTable = entries.table
    return Listing(
        list(entries),
        list(table.data_offsets),
        table.sparse,
        entries.whiteouts,
        entries.opaque_whiteouts,
        entries.warnings,
        entries.error,
    )
