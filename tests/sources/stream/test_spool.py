"""Temporary files: written in bounded memory, with progress, and removed in the end."""

import errno
import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from io import FileIO
from pathlib import Path

import pytest

from layerscope.errors import SourceError, UnsupportedCompression
from layerscope.model.image import Compression, FileSpan
from layerscope.model.progress import no_progress
from layerscope.sources.image.documents import read_span
from layerscope.sources.stream import spool as spool_module
from layerscope.sources.stream.spool import Spool
from tests.builders import compressed

PLAIN = b"content " * 400_000


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give temporary files a folder of their own."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def stored(tmp_path: Path, data: bytes) -> FileSpan:
    path = tmp_path / "x"
    path.write_bytes(data)
    return FileSpan(str(path), 0, len(data), len(data))


def test_a_stream_is_kept_until_the_stack_closes(temporary: Path) -> None:
    with ExitStack() as stack:
        span = Spool(stack).stream(io.BytesIO(PLAIN), "standard input")
        assert read_span(span, "x") == PLAIN
        assert not span.truncated
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("compression", list(Compression)[1:])
def test_a_compressed_file_is_decompressed(tmp_path: Path, compression: Compression) -> None:
    with ExitStack() as stack:
        packed = stored(tmp_path, compressed(PLAIN, compression))
        span, error = Spool(stack).decompressed(packed, compression, "x", no_progress)
        assert read_span(span, "x") == PLAIN
        assert error is None
    assert Path(packed.path).exists()


def test_a_compressed_temporary_file_is_removed_when_it_has_been_decompressed(temporary: Path) -> None:
    with ExitStack() as stack:
        spool = Spool(stack)
        packed = spool.stream(io.BytesIO(compressed(PLAIN, Compression.GZIP)), "standard input")
        spool.decompressed(packed, Compression.GZIP, "standard input", no_progress)
        assert len(list(temporary.rglob("*.tar"))) == 1
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("compression", list(Compression)[1:])
def test_a_stream_that_ends_early_is_kept_with_a_sentence(tmp_path: Path, compression: Compression) -> None:
    noise = bytes(range(256)) * 8 + PLAIN
    packed = stored(tmp_path, compressed(noise, compression)[:-20])
    with ExitStack() as stack:
        span, error = Spool(stack).decompressed(packed, compression, "x.tar", no_progress)
        assert noise.startswith(read_span(span, "x"))
    assert error is not None
    assert error.startswith("x.tar is truncated or broken: ")


def test_a_stream_that_needs_too_much_memory_is_an_error_with_its_name(tmp_path: Path) -> None:
    window_of_2_gib = b"\x28\xb5\x2f\xfd\x00\xa8" + bytes(20)
    with pytest.raises(UnsupportedCompression, match=r"^cannot decompress x\.tar: "), ExitStack() as stack:
        Spool(stack).decompressed(stored(tmp_path, window_of_2_gib), Compression.ZSTD, "x.tar", no_progress)


def test_progress_counts_the_bytes_of_a_stream_of_unknown_size() -> None:
    seen: list[tuple[int, int | None]] = []
    with ExitStack() as stack:
        spool = Spool(stack, lambda done, total: seen.append((done, total)))
        spool.chunks([b"1234", b"5678"], "x")
    assert seen == [(0, None), (4, None), (8, None)]


def test_progress_of_decompression_counts_stored_bytes(tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    packed = stored(tmp_path, compressed(PLAIN, Compression.GZIP))
    with ExitStack() as stack:
        Spool(stack).decompressed(packed, Compression.GZIP, "x", lambda done, total: seen.append((done, total)))
    assert seen[-1] == (packed.size, packed.size)
    assert seen == sorted(seen)


def interrupted() -> Iterator[bytes]:
    yield PLAIN
    raise KeyboardInterrupt


def test_ctrl_c_leaves_nothing(temporary: Path) -> None:
    with pytest.raises(KeyboardInterrupt), ExitStack() as stack:
        Spool(stack).chunks(interrupted(), "x")
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_one_sentence(temporary: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def full(_file: FileIO, _chunk: bytes) -> None:
        raise OSError(number, "No space left on device")

    monkeypatch.setattr(spool_module, "write_all", full)
    with pytest.raises(SourceError) as caught, ExitStack() as stack:
        Spool(stack).chunks([b"x"], "my-app.tar.gz")
    assert str(caught.value) == (
        f"not enough space in {temporary} for a copy of my-app.tar.gz: set TMPDIR to a folder with more"
    )
    assert list(temporary.iterdir()) == []


def test_a_copy_leaves_a_part_of_the_disk_to_others(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = 0

    def disk(descriptor: int) -> os.statvfs_result:
        nonlocal written
        written = os.fstat(descriptor).st_size
        blocks, left = 2_000, 1_000 - written // 1_000_000
        return os.statvfs_result((1_000_000, 1_000_000, blocks, left, left, 0, 0, 0, 0, 255))

    monkeypatch.setattr(spool_module, "_BETWEEN_CHECKS", 1_000_000)
    monkeypatch.setattr(os, "fstatvfs", disk)
    monkeypatch.setattr(spool_module, "_RESERVED", 990_000_000)
    monkeypatch.setattr(spool_module, "_RESERVED_SHARE", 1)
    with pytest.raises(SourceError, match=r"not enough space in .* for a copy of zeros"), ExitStack() as stack:
        Spool(stack).chunks((bytes(1_000_000) for _ in range(1_000_000)), "zeros")
    assert 5_000_000 < written <= 10_000_000
    assert list(temporary.iterdir()) == []


def test_a_missing_temporary_folder_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))
    with pytest.raises(SourceError, match=r"cannot write a copy of x to .*absent: No such file"), ExitStack() as stack:
        Spool(stack).chunks([b"x"], "x")
