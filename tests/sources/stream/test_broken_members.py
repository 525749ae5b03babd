"""Broken compressed streams: every byte before the break is returned, and then the error."""

import gzip
from contextlib import closing, suppress
from pathlib import Path

import pytest

from layerscope.errors import InvalidLayer
from layerscope.model.image import Compression, FileSpan, Layer
from layerscope.sources.layer.random_access import SpoolBudget, open_random_content
from layerscope.sources.stream.compression import DecompressedSpan, detect
from tests.builders import compressed
from tests.listings import ListTar
from tests.tars import END, entry

CODECS = [Compression.GZIP, Compression.ZSTD, Compression.XZ, Compression.BZIP2]
TAR = b"".join(entry(b"%d" % number, b"content %d" % number) for number in range(20)) + END
LONG_TAR = b"".join(entry(b"%d" % number, bytes([number % 251]) * 3000) for number in range(300)) + END


def with_zstd_checksum(data: bytes) -> bytes:
    import sys  # noqa: PLC0415

    if sys.version_info >= (3, 14):
        from compression import zstd  # noqa: PLC0415
    else:
        from backports import zstd  # noqa: PLC0415
    return zstd.compress(data, options={zstd.CompressionParameter.checksum_flag: 1})


def with_wrong_checksum(data: bytes, compression: Compression) -> bytes:
    """Return the data compressed, with a wrong checksum at its end."""
    blob = bytearray(with_zstd_checksum(data) if compression is Compression.ZSTD else compressed(data, compression))
    position = {Compression.GZIP: -6, Compression.ZSTD: -2, Compression.XZ: -30, Compression.BZIP2: -3}[compression]
    blob[position] ^= 0x10
    return bytes(blob)


def stream_of(path: Path, blob: bytes) -> DecompressedSpan:
    path.write_bytes(blob)
    return DecompressedSpan(FileSpan(str(path), 0, len(blob), len(blob)), detect(blob))


def read_until_break(stream: DecompressedSpan, size: int) -> bytes:
    taken = []
    with closing(stream):
        with suppress(InvalidLayer):
            while chunk := stream.read1(size):
                assert len(chunk) <= size
                taken.append(chunk)
        with pytest.raises(InvalidLayer, match="is broken near stored byte"):
            stream.check()
    return b"".join(taken)


@pytest.mark.parametrize("compression", [Compression.GZIP, Compression.ZSTD])
@pytest.mark.parametrize("data", [TAR, LONG_TAR], ids=["smaller than a read", "larger"])
@pytest.mark.parametrize("size", [1000, 1 << 20])
def test_all_bytes_of_a_member_with_a_wrong_checksum_are_returned(
    tmp_path: Path, compression: Compression, data: bytes, size: int
) -> None:
    assert read_until_break(stream_of(tmp_path / "x", with_wrong_checksum(data, compression)), size) == data


@pytest.mark.parametrize("compression", CODECS)
@pytest.mark.parametrize("first", [TAR, LONG_TAR, b""])
def test_members_before_a_broken_one_are_returned(tmp_path: Path, compression: Compression, first: bytes) -> None:
    blob = compressed(first, compression) + with_wrong_checksum(TAR, compression)
    taken = read_until_break(stream_of(tmp_path / "x", blob), 100_000)
    assert taken.startswith(first)
    assert (first + TAR).startswith(taken)
    if compression in (Compression.GZIP, Compression.ZSTD):
        assert taken == first + TAR


def test_a_gzip_layer_keeps_the_bytes_before_a_break_in_its_first_read(listed: ListTar) -> None:
    blob = bytearray(gzip.compress(LONG_TAR, mtime=0))
    middle = len(blob) * 3 // 4
    blob[middle : middle + 64] = b"\xff" * 64
    entries = listed(bytes(blob))
    assert entries.error is not None
    assert 150 < len(entries.table) < 300
    assert list(entries.paths) == [b"%d" % number for number in range(len(entries.table))]


@pytest.mark.parametrize("compression", CODECS)
def test_a_small_layer_with_a_wrong_checksum_is_listed_with_an_error(listed: ListTar, compression: Compression) -> None:
    entries = listed(with_wrong_checksum(TAR, compression))
    assert entries.error is not None
    assert f"{compression} stream is broken" in entries.error
    if compression in (Compression.GZIP, Compression.ZSTD):
        assert list(entries.paths) == [b"%d" % number for number in range(20)]


@pytest.mark.parametrize("compression", [Compression.GZIP, Compression.ZSTD])
@pytest.mark.parametrize("offset", [0, 1024, len(TAR) - 1])
def test_content_before_a_wrong_checksum_can_be_read(tmp_path: Path, compression: Compression, offset: int) -> None:
    blob = with_wrong_checksum(TAR, compression)
    (tmp_path / "x").write_bytes(blob)
    layer = Layer(1, FileSpan(str(tmp_path / "x"), 0, len(blob), len(blob)), compression)
    with closing(open_random_content(layer, SpoolBudget())) as content:
        assert content.read(offset, 1) == TAR[offset : offset + 1]
        assert content.read(0, len(TAR)) == TAR
        with pytest.raises(InvalidLayer):
            content.read(0, len(TAR) + 1)


@pytest.mark.parametrize("inner", CODECS)
@pytest.mark.parametrize("outer", [Compression.GZIP, Compression.ZSTD])
def test_a_layer_that_is_compressed_twice_is_called_that(
    listed: ListTar, inner: Compression, outer: Compression
) -> None:
    entries = listed(compressed(compressed(TAR, inner), outer))
    assert list(entries.paths) == []
    assert entries.error == f"it is compressed twice: its decompressed bytes are {inner} again"
