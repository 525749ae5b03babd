"""The stored bytes of sparse files, and digests that do not expand their holes."""

from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.model.entries import LayerEntries
from layerscope.model.image import Compression, FileSpan, Layer
from layerscope.sources.layer.content import file_chunks, open_layer_content, stored_chunks
from layerscope.sources.layer.reader import read_layer
from layerscope.sources.tar.file_hash import data_digest
from tests.builders import compressed
from tests.tars import END, entry, pax

EIGHT_EIB = (1 << 63) - 1


def sparse(pieces: list[tuple[int, bytes]], size: int) -> bytes:
    """Return a file whose map has these pieces."""
    positions = b",".join(b"%d,%d" % (start, len(data)) for start, data in pieces)
    records = pax((b"GNU.sparse.size", b"%d" % size), (b"GNU.sparse.map", positions))
    return records + entry(b"sparse", b"".join(data for _, data in pieces))


def listed_layer(path: Path, tar: bytes, compression: Compression = Compression.NONE) -> tuple[Layer, LayerEntries]:
    blob = compressed(tar + END, compression)
    path.write_bytes(blob)
    layer = Layer(1, FileSpan(str(path), 0, len(blob), len(blob)), compression)
    entries = LayerEntries()
    list(read_layer(layer, entries))
    assert entries.error is None
    return layer, entries


@pytest.mark.parametrize("compression", Compression)
def test_stored_chunks_are_the_pieces_of_a_file_without_its_holes(tmp_path: Path, compression: Compression) -> None:
    tar = sparse([(10, b"abc"), (EIGHT_EIB - 4, b"end!")], EIGHT_EIB) + entry(b"dense", b"x" * 600)
    layer, entries = listed_layer(tmp_path / "layer", tar, compression)
    with closing(open_layer_content(layer)) as content:
        assert list(stored_chunks(content, entries.table, 0)) == [(10, b"abc"), (EIGHT_EIB - 4, b"end!")]
        assert b"".join(chunk for _, chunk in stored_chunks(content, entries.table, 1)) == b"x" * 600


def digest_of(path: Path, tar: bytes) -> bytes:
    layer, entries = listed_layer(path, tar)
    with closing(open_layer_content(layer)) as content:
        return data_digest(stored_chunks(content, entries.table, 0), entries.table.sizes[0])


def test_a_file_of_8_eib_has_a_digest_that_only_reads_its_stored_bytes(tmp_path: Path) -> None:
    path = tmp_path / "layer"
    first = digest_of(path, sparse([(1 << 40, b"data")], EIGHT_EIB))
    assert first == digest_of(path, sparse([(1 << 40, b"da"), ((1 << 40) + 2, b"ta")], EIGHT_EIB))
    assert first != digest_of(path, sparse([(1 << 40, b"data")], EIGHT_EIB - 1))
    assert first != digest_of(path, sparse([((1 << 40) + 1, b"data")], EIGHT_EIB))
    assert first != digest_of(path, sparse([(1 << 40, b"Data")], EIGHT_EIB))


@given(st.lists(st.tuples(st.integers(0, 9000), st.sampled_from([b"x", b"\0", b"yz" * 3000, bytes(5000)])), max_size=5))
def test_a_digest_is_the_same_for_stored_zeros_and_holes(
    tmp_path_factory: pytest.TempPathFactory, parts: list[tuple[int, bytes]]
) -> None:
    pieces, reached = [], 0
    for gap, data in parts:
        pieces.append((reached + gap, data))
        reached += gap + len(data)
    path = tmp_path_factory.getbasetemp() / "digested"
    layer, entries = listed_layer(path, sparse(pieces, reached + 100))
    with closing(open_layer_content(layer)) as content:
        dense = b"".join(file_chunks(content, entries.table, 0))
    assert digest_of(path, sparse(pieces, reached + 100)) == digest_of(path, entry(b"dense", dense))
