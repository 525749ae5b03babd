"""Digests and first bytes of files, taken from the bytes of a compressed tar while it is listed."""

from pathlib import Path

import pytest

from layerscope.model.content_facts import DIGEST_SIZE, NO_DIGEST, ContentNeeds
from layerscope.model.entries import Kind, LayerEntries
from layerscope.model.image import Compression, FileSpan, Layer
from layerscope.sources.layer.reader import read_layer
from layerscope.sources.tar import blocks, content_taker
from layerscope.sources.tar.content_taker import HashedSizes
from layerscope.sources.tar.file_hash import digest_of
from tests.builders import compressed, directory, file, hardlink, layer, sparse, symlink, whiteout

_CHUNK = 2048
"""Bytes that pass at once: headers and contents are cut at every place."""

_CONTENTS = {
    f"files/{size}": bytes([size % 251]) * size for size in (0, 1, 511, 512, 513, 1024, 1536, 2047, 2048, 5000, 20_000)
}


def no_bytes(_path: bytes, _size: int) -> int:
    """Keep no first bytes."""
    return 0


DIGESTS = ContentNeeds(HashedSizes(), no_bytes)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decompress a few blocks at a time."""
    monkeypatch.setattr(blocks, "_STREAM_CHUNK", _CHUNK)


def gzip_layer(path: Path, content: bytes) -> Layer:
    """Return a layer in a file of its own."""
    blob = compressed(content, Compression.GZIP)
    path.write_bytes(blob)
    return Layer(1, FileSpan(str(path), 0, len(blob), len(blob)), Compression.GZIP)


def digests_by_path(read: LayerEntries) -> dict[str, bytes]:
    """Return the digest of each row that has one."""
    parts = [read.content.digests[at : at + DIGEST_SIZE] for at in range(0, len(read.content.digests), DIGEST_SIZE)]
    pairs = zip(read.paths, parts, strict=True)
    return {path.decode(): bytes(digest) for path, digest in pairs if digest != NO_DIGEST}


@pytest.mark.parametrize("count", [1, 40])
@pytest.mark.parametrize("takes", [False, True], ids=["whole", "in parts"])
def test_each_file_has_the_digest_of_its_bytes(tmp_path: Path, count: int, *, takes: bool) -> None:
    contents = {f"{number}/{name}": data for number in range(count) for name, data in _CONTENTS.items()}
    long_names = {f"{'long/' * 60}{number}": bytes([number]) * 700 for number in range(count)}
    others = [directory("folder"), symlink("link", "files/1"), hardlink("hard", "0/files/1"), whiteout("gone")]
    contents |= long_names
    tar = layer(
        *others, sparse("holes", 9000, (4096, b"x" * 600)), *(file(name, data) for name, data in contents.items())
    )
    reading, parts = LayerEntries(), LayerEntries()
    for _ in read_layer(gzip_layer(tmp_path / "layer", tar), reading, needs=DIGESTS):
        if takes:
            parts.extend(reading.take())
    parts.extend(reading)
    assert parts.error is None
    assert parts.table.sparse
    assert digests_by_path(parts) == {name: digest_of(data) for name, data in contents.items()}


def test_files_behind_a_break_have_no_digest(tmp_path: Path) -> None:
    whole = layer(file("first", b"1" * 3000), file("second", b"2" * 9000))
    read = LayerEntries()
    for _ in read_layer(gzip_layer(tmp_path / "layer", whole[: 3 * _CHUNK]), read, needs=DIGESTS):
        pass
    assert read.error is not None
    assert read.table.kinds == bytes([Kind.FILE, Kind.FILE])
    assert bytes(read.content.digests) == digest_of(b"1" * 3000)


def test_all_sizes_up_to_the_largest_are_hashed_until_they_are_limited() -> None:
    sizes = HashedSizes()
    assert all(size in sizes for size in (0, 7, 1 << 62))
    assert [size in HashedSizes(largest=7) for size in (0, 7, 8)] == [True, True, False]
    sizes.limit([7, 1 << 62])
    assert [size in sizes for size in (0, 7, 8, 1 << 62)] == [False, True, False, True]


def test_files_of_other_sizes_have_no_digest(tmp_path: Path) -> None:
    sizes, read = HashedSizes(), LayerEntries()
    sizes.limit([2])
    tar = layer(file("a", b"1"), file("b", b"22"), file("c", b"333"), file("d", b"44"))
    for _ in read_layer(gzip_layer(tmp_path / "layer", tar), read, needs=ContentNeeds(sizes, no_bytes)):
        pass
    assert digests_by_path(read) == {"b": digest_of(b"22"), "d": digest_of(b"44")}


@pytest.mark.parametrize("takes", [False, True], ids=["whole", "in parts"])
def test_as_many_first_bytes_are_kept_as_are_wanted(tmp_path: Path, *, takes: bool) -> None:
    wanted = {b"files/1": 9, b"files/1536": 1000, b"files/5000": 3000, b"files/20000": 1}
    nothing = HashedSizes(largest=-1)
    tar = layer(directory("files"), *(file(name, data) for name, data in _CONTENTS.items()))
    reading, read = LayerEntries(), LayerEntries()
    first_bytes = ContentNeeds(nothing, lambda path, _size: wanted.get(path, 0))
    for _ in read_layer(gzip_layer(tmp_path / "layer", tar), reading, needs=first_bytes):
        if takes:
            read.extend(reading.take())
    read.extend(reading)
    prefixes = {list(read.paths)[row]: prefix for row, prefix in read.content.prefixes.items()}
    assert prefixes == {path: _CONTENTS[path.decode()][:count] for path, count in wanted.items()}
    assert digests_by_path(read).keys() == {"files/0"}


def test_what_is_kept_of_a_layer_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content_taker, "_MOST_KEPT", 5000)
    tar = layer(*(file(f"{number}", b"x" * 2000) for number in range(4)))
    read = LayerEntries()
    for _ in read_layer(gzip_layer(tmp_path / "layer", tar), read, needs=ContentNeeds(HashedSizes(), _all_bytes)):
        pass
    assert {row: len(prefix) for row, prefix in read.content.prefixes.items()} == {0: 2000, 1: 2000, 2: 1000}


def _all_bytes(_path: bytes, size: int) -> int:
    return size


def test_a_listing_alone_computes_no_digests(tmp_path: Path) -> None:
    read = LayerEntries()
    for _ in read_layer(gzip_layer(tmp_path / "layer", layer(file("file", b"content"))), read):
        pass
    assert not read.content.digests
