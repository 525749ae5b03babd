"""Sparse files as GNU tar writes them in each of its formats, and maps that it would never write."""

import shutil
import subprocess
from pathlib import Path

import pytest

from layerscope.model.entries import LayerEntries
from layerscope.model.image import Compression
from tests.builders import compressed
from tests.listings import ListTar, listing
from tests.tars import END, entry, header, padded, pax, with_checksum

HOLE = 1 << 16
FORMATS = {
    "old GNU": ["--format=gnu"],
    "PAX 0.0": ["--format=posix", "--sparse-version=0.0"],
    "PAX 0.1": ["--format=posix", "--sparse-version=0.1"],
    "PAX 1.0": ["--format=posix", "--sparse-version=1.0"],
}


def _gnu_tar() -> str | None:
    for name in ("tar", "gtar"):
        program = shutil.which(name)
        if program and b"GNU tar" in subprocess.run([program, "--version"], capture_output=True, check=False).stdout:
            return program
    return None


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of sparse files; skip where there is no GNU tar, or the file system keeps no holes."""
    folder = tmp_path_factory.mktemp("sparse")
    _write(folder / "empty-hole", {}, 20 * HOLE)
    _write(folder / "middle", {3 * HOLE: b"middle" * 1000, 9 * HOLE: b"end"}, 20 * HOLE)
    _write(folder / "many", {number * HOLE: b"%d" % number for number in range(60)}, 60 * HOLE)
    _write(folder / ("n" * 120), {HOLE: b"long name"}, 2 * HOLE + 1)
    (folder / "dense").write_bytes(b"dense" * 1000)
    if _gnu_tar() is None:
        pytest.skip("there is no GNU tar here")
    if (folder / "middle").stat().st_blocks * 512 >= 10 * HOLE:
        pytest.skip("this file system keeps no holes")
    return folder


def _write(path: Path, pieces: dict[int, bytes], size: int) -> None:
    with path.open("wb") as file:
        for position, content in pieces.items():
            file.seek(position)
            file.write(content)
        file.truncate(size)


def _tar_of(folder: Path, options: list[str]) -> bytes:
    names = sorted(path.name for path in folder.iterdir())
    command = [str(_gnu_tar()), *options, "--sparse", "-cf", "-", "-C", str(folder), *names]
    return subprocess.run(command, capture_output=True, check=True).stdout


def content_of(tar: bytes, entries: LayerEntries, row: int) -> bytes:
    """Return the whole content of an entry, put together by its map."""
    size, at = entries.table.sizes[row], entries.table.data_offsets[row]
    content = bytearray(size)
    for start, length in entries.table.sparse.get(row, ((0, size),)):
        content[start : start + length] = tar[at : at + length]
        at += length
    return bytes(content)


@pytest.mark.parametrize("options", FORMATS.values(), ids=FORMATS.keys())
def test_a_sparse_file_of_gnu_tar_has_its_name_size_and_content(
    listed: ListTar, folder: Path, options: list[str]
) -> None:
    tar = _tar_of(folder, options)
    entries = listed(tar)
    assert entries.error is None
    assert list(entries.paths) == sorted(path.name.encode() for path in folder.iterdir())
    assert len(entries.table.sparse) == 4
    for row, path in enumerate(entries.paths):
        assert content_of(tar, entries, row) == (folder / path.decode()).read_bytes()


@pytest.mark.parametrize("options", FORMATS.values(), ids=FORMATS.keys())
@pytest.mark.parametrize("compression", Compression)
def test_a_sparse_file_is_the_same_in_every_compression(
    listed: ListTar, folder: Path, options: list[str], compression: Compression
) -> None:
    tar = _tar_of(folder, options)
    assert listing(listed(compressed(tar, compression))) == listing(listed(tar))


@pytest.mark.parametrize("options", FORMATS.values(), ids=FORMATS.keys())
def test_a_tar_that_ends_in_a_sparse_file_is_an_error(listed: ListTar, folder: Path, options: list[str]) -> None:
    tar = _tar_of(folder, options)
    entries = listed(tar)
    row = list(entries.paths).index(b"many")
    cut = entries.table.data_offsets[row] + 100
    part = listed(tar[:cut])
    assert list(part.paths) == list(entries.paths)[: row + 1]
    assert part.error is not None
    assert "many" in part.error


def old_gnu(pieces: list[tuple[int, int]], real_size: int, stored: int, *, more: bool = False) -> bytes:
    """Return an old GNU header: four pieces fit, and a flag announces blocks with more of them."""
    rest = bytes(41) + _pieces(pieces).ljust(96, b"\0") + bytes([more]) + b"%011o\0" % real_size
    return header(b"sparse", stored, b"S", magic=b"ustar  \0", rest=rest)


def _pieces(pieces: list[tuple[int, int]]) -> bytes:
    return b"".join(b"%011o\0%011o\0" % piece for piece in pieces)


def extension(pieces: list[tuple[int, int]], *, more: bool = False) -> bytes:
    return _pieces(pieces).ljust(504, b"\0") + bytes([more]) + bytes(7)


def test_an_old_map_goes_on_in_extension_blocks(listed: ListTar) -> None:
    pieces = [(number * 1000, 10) for number in range(30)]
    blocks = [extension(pieces[4:25], more=True), extension(pieces[25:])]
    tar = (
        old_gnu(pieces[:4], 30_000, 300, more=True) + b"".join(blocks) + padded(b"0123456789" * 30) + entry(b"b") + END
    )
    entries = listed(tar)
    assert entries.error is None
    assert list(entries.paths) == [b"sparse", b"b"]
    assert entries.table.sparse == {0: tuple(pieces)}
    assert entries.table.sizes[0] == 30_000
    assert content_of(tar, entries, 0)[29_000:29_011] == b"0123456789\0"


def test_a_file_without_stored_bytes_has_an_empty_map(listed: ListTar) -> None:
    for blob in (
        old_gnu([], 5000, 0),
        pax((b"GNU.sparse.size", b"5000"), (b"GNU.sparse.numblocks", b"0")) + entry(b"a"),
    ):
        entries = listed(blob + END)
        assert entries.error is None
        assert entries.table.sizes[0] == 5000
        assert entries.table.sparse == {0: ()}


def test_a_version_1_map_may_fill_several_blocks(listed: ListTar) -> None:
    pieces = [(number * 1000, 10) for number in range(300)]
    text = b"%d\n" % len(pieces) + b"".join(b"%d\n%d\n" % piece for piece in pieces)
    content = padded(text) + b"0123456789" * 300
    facts = pax((b"GNU.sparse.major", b"1"), (b"GNU.sparse.realsize", b"300000"), (b"GNU.sparse.name", b"d/real"))
    tar = facts + entry(b"GNUSparseFile.0/real", content) + entry(b"b") + END
    entries = listed(tar)
    assert entries.error is None
    assert list(entries.paths) == [b"d/real", b"b"]
    assert entries.table.sparse == {0: tuple(pieces)}
    assert content_of(tar, entries, 0)[299_000:299_010] == b"0123456789"


def version_1(content: bytes, real_size: bytes = b"5000") -> bytes:
    return pax((b"GNU.sparse.major", b"1"), (b"GNU.sparse.realsize", real_size)) + entry(b"a", content)


def version_0(records: list[tuple[bytes, bytes]], content: bytes = b"") -> bytes:
    return pax(*records) + entry(b"a", content)


BROKEN = {
    "more pieces than bytes": old_gnu([(0, 600)], 5000, 512),
    "a piece behind the end": old_gnu([(5000, 10)], 5000, 512),
    "pieces out of order": old_gnu([(100, 10), (50, 10)], 5000, 512),
    "a piece that is no number": old_gnu([(0, 10)], 5000, 512).replace(b"00000000012\0", b"not octal.\0\0"),
    "a negative piece": header(b"sparse", 512, b"S", rest=bytes(41) + b"\xff" * 12 + b"%011o\0" % 10),
    "1.0: no map": version_1(b""),
    "1.0: no count": version_1(b"x\n"),
    "1.0: half a piece": version_1(b"1\n0\n"),
    "1.0: a negative length": version_1(b"1\n0\n-5\n"),
    "1.0: pieces out of order": version_1(b"2\n0\n10\n5\n10\n" + bytes(600)),
    "1.0: more pieces than bytes": version_1(padded(b"1\n0\n600\n") + bytes(512)),
    "1.0: an endless count": version_1(b"9" * 600),
    "1.0: a large count": version_1(b"999999999\n"),
    "1.0: an endless number": version_1(b"1\n0\n" + b"9" * 5000 + b"\n"),
    "1.0: a negative size": version_1(b"0\n", b"-1"),
    "1.0: an endless size": version_1(b"0\n", b"9" * 30),
    "1.0: a size in words": version_1(b"0\n", b"many"),
    "0.1: half a piece": version_0([(b"GNU.sparse.map", b"0")]),
    "0.1: no number": version_0([(b"GNU.sparse.map", b"0,x")]),
    "0.1: commas": version_0([(b"GNU.sparse.map", b"," * 99)]),
    "0.1: an endless number": version_0([(b"GNU.sparse.map", b"0," + b"9" * 5000), (b"GNU.sparse.size", b"5")]),
    "0.1: a piece behind the end": version_0([(b"GNU.sparse.map", b"0,10"), (b"GNU.sparse.size", b"5")]),
    "0.1: more pieces than bytes": version_0([(b"GNU.sparse.map", b"0,10"), (b"GNU.sparse.size", b"5000")]),
    "0.0: half a piece": version_0([(b"GNU.sparse.offset", b"0"), (b"GNU.sparse.size", b"5000")]),
    "0.0: an endless size": version_0([(b"GNU.sparse.size", b"9" * 30)]),
}


@pytest.mark.parametrize("blob", BROKEN.values(), ids=BROKEN.keys())
def test_an_impossible_map_is_an_error_and_keeps_the_entries_before_it(listed: ListTar, blob: bytes) -> None:
    entries = listed(entry(b"before", b"content") + _checked(blob) + END)
    assert list(entries.paths) == [b"before"]
    assert entries.error is not None
    assert "sparse" in entries.error or "size" in entries.error


@pytest.mark.parametrize("length", [0, 100, 512, 700])
def test_a_tar_that_ends_in_a_map_is_an_error(listed: ListTar, length: int) -> None:
    more = extension([], more=True) * 2
    entries = listed(entry(b"before") + old_gnu([(0, 10)], 5000, 512, more=True) + more[:length])
    assert list(entries.paths) == [b"before"]
    assert entries.error is not None
    assert "sparse" in entries.error


def _checked(blob: bytes) -> bytes:
    """Return the blob with the checksum of its first block made right: a test may have changed it."""
    return with_checksum(blob[:512]) + blob[512:]
