import os
import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from layerscope.cache.record import read_head, read_record, write_record
from layerscope.model.columns import ColumnWriter

KEY, LABEL, BODY = "tree sha256:abc", "my-app:v1 \udcff", b"columns" * 1000


def body_of(*pieces: bytes) -> Callable[[ColumnWriter], None]:
    def write(file: ColumnWriter) -> None:
        for piece in pieces:
            file.write(piece)

    return write


@pytest.fixture
def record(tmp_path: Path) -> Path:
    path = tmp_path / "tree-12345678"
    write_record(path, KEY, LABEL, body_of(BODY[:100], BODY[100:]))
    return path


def body(record: Path) -> bytes:
    found = read_record(record, KEY)
    assert found is not None
    return bytes(found)


def is_removed_miss(record: Path) -> bool:
    return read_record(record, KEY) is None and not os.path.lexists(record)


def test_a_record_is_read_as_it_was_written(record: Path) -> None:
    assert body(record) == BODY
    head = read_head(record)
    assert head is not None
    assert (head.key, head.label) == (KEY, LABEL)


def test_a_record_can_be_empty(tmp_path: Path) -> None:
    write_record(tmp_path / "empty", KEY, LABEL, body_of())
    assert body(tmp_path / "empty") == b""


def test_only_the_user_can_read_a_record(record: Path) -> None:
    assert record.stat().st_mode & 0o777 == 0o600


def test_a_record_that_is_missing_is_a_miss(tmp_path: Path) -> None:
    assert read_record(tmp_path / "missing", KEY) is None
    assert read_head(tmp_path / "missing") is None


@pytest.mark.parametrize("size", [0, 7, 59, 60, 80, 7000])
def test_a_record_that_was_cut_is_a_miss_and_is_removed(record: Path, size: int) -> None:
    os.truncate(record, size)
    assert is_removed_miss(record)


def test_a_record_with_more_bytes_is_a_miss_and_is_removed(record: Path) -> None:
    record.write_bytes(record.read_bytes() + b"x")
    assert is_removed_miss(record)


def test_a_flipped_bit_anywhere_is_a_miss(tmp_path: Path) -> None:
    path = tmp_path / "small"
    write_record(path, KEY, "label", body_of(b"body"))
    whole = path.read_bytes()
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1
        path.touch(0o600)
        path.write_bytes(damaged)
        assert is_removed_miss(path), place


def test_a_record_of_another_version_is_a_miss_and_is_removed(record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layerscope.cache.record._VERSION", b"0 0.0.9 little".ljust(32, b"\0"))
    assert read_head(record) is None
    assert is_removed_miss(record)


def test_a_record_of_another_key_is_a_miss_and_is_removed(record: Path) -> None:
    assert read_record(record, "tree sha256:abd") is None
    assert not record.exists()


def test_a_foreign_file_is_a_miss_and_is_removed(record: Path) -> None:
    record.write_bytes(b"#!/bin/sh\n" * 100)
    assert is_removed_miss(record)


def test_a_file_that_others_may_read_is_a_miss_and_is_removed(record: Path) -> None:
    record.chmod(0o644)
    assert is_removed_miss(record)


def test_a_file_of_another_user_is_a_miss_and_is_removed(record: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can give a file away")
    os.chown(record, 12345, 12345)
    assert is_removed_miss(record)


def test_a_link_and_a_pipe_are_misses(record: Path) -> None:
    target = record.rename(record.with_name("elsewhere"))
    record.symlink_to(target)
    assert is_removed_miss(record)
    assert body(target) == BODY
    os.mkfifo(record, 0o600)
    assert is_removed_miss(record)


def test_a_full_disk_leaves_the_old_record_and_nothing_else(record: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            write_record(record, KEY, LABEL, body_of(bytes(20_000)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert body(record) == BODY
    assert list(record.parent.iterdir()) == [record]


def test_a_failed_writer_leaves_nothing(tmp_path: Path) -> None:
    def fail(file: ColumnWriter) -> None:
        file.write(b"half")
        raise MemoryError

    with pytest.raises(MemoryError):
        write_record(tmp_path / "record", KEY, LABEL, fail)
    assert list(tmp_path.iterdir()) == []
