"""Decompression by a thread ahead of the reader against decompression by the reader."""

import threading
from collections import deque
from contextlib import closing
from pathlib import Path
from queue import SimpleQueue

import pytest

from layerscope.errors import InvalidLayer
from layerscope.model.image import Compression, FileSpan
from layerscope.sources.stream import ahead as ahead_module
from layerscope.sources.stream.ahead import AheadStream
from layerscope.sources.stream.compression import DecompressedSpan
from layerscope.sources.tar import blocks
from tests.builders import compressed
from tests.listings import ListTar, listing
from tests.sources.stream.test_broken_members import CODECS, LONG_TAR, stream_of, with_wrong_checksum

SIZE = 10_000


@pytest.mark.parametrize("compression", CODECS)
def test_the_bytes_are_the_same(tmp_path: Path, compression: Compression) -> None:
    with closing(AheadStream(stream_of(tmp_path / "blob", compressed(LONG_TAR, compression)), SIZE)) as ahead:
        chunks = list(iter(lambda: ahead.read1(SIZE), b""))
        ahead.check()
        assert ahead.read1(SIZE) == b""
    assert b"".join(chunks) == LONG_TAR
    assert max(map(len, chunks)) <= SIZE


@pytest.mark.parametrize("compression", CODECS)
@pytest.mark.parametrize("is_cut", [False, True], ids=["wrong checksum", "cut off"])
def test_a_broken_layer_has_the_same_entries_and_error(
    listed: ListTar, monkeypatch: pytest.MonkeyPatch, compression: Compression, *, is_cut: bool
) -> None:
    whole = with_wrong_checksum(LONG_TAR, compression)
    blob = whole[: len(whole) // 2] if is_cut else whole
    by_reader = listing(listed(blob))
    monkeypatch.setattr(blocks, "_LEAST_AHEAD", 0)
    assert listing(listed(blob)) == by_reader


class _CountedStream(AheadStream):
    """A stream that counts how many were opened."""

    opened = 0

    def __init__(self, stream: DecompressedSpan, size: int) -> None:
        type(self).opened += 1
        super().__init__(stream, size)


@pytest.mark.parametrize("compression", CODECS)
def test_a_thread_decompresses_large_gzip_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compression: Compression
) -> None:
    monkeypatch.setattr(blocks, "_LEAST_AHEAD", 0)
    monkeypatch.setattr(ahead_module, "AheadStream", _CountedStream)
    monkeypatch.setattr(_CountedStream, "opened", 0)
    blob = tmp_path / "blob"
    blob.write_bytes(compressed(LONG_TAR, compression))
    with closing(blocks.open_blocks(FileSpan.of_file(str(blob), blob.stat()), compression)):
        assert _CountedStream.opened == (compression is Compression.GZIP)


class _FullQueue(SimpleQueue[object]):
    """A queue for which there is no memory."""

    def put(self, *_: object) -> None:
        """Fail."""
        raise MemoryError


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_dies_without_a_word_does_not_block_the_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead_module, "SimpleQueue", _FullQueue)
    monkeypatch.setattr(ahead_module, "_LOOK_AGAIN", 0.01)
    stream = stream_of(tmp_path / "blob", compressed(LONG_TAR, Compression.GZIP))
    with closing(AheadStream(stream, SIZE)) as ahead, pytest.raises(MemoryError):
        ahead.read1(SIZE)


def test_an_error_behind_what_was_read_is_not_raised(tmp_path: Path) -> None:
    stream = stream_of(tmp_path / "blob", with_wrong_checksum(LONG_TAR, Compression.GZIP))
    with closing(AheadStream(stream, len(LONG_TAR) // 3)) as ahead:
        ahead.read1(SIZE)
        ahead.check()
        with pytest.raises(InvalidLayer, match="is broken near stored byte"):
            deque(iter(lambda: ahead.read1(SIZE), b""), maxlen=0)
        with pytest.raises(InvalidLayer, match="is broken near stored byte"):
            ahead.check()


def test_a_reader_that_stops_early_leaves_no_thread(tmp_path: Path) -> None:
    threads = set(threading.enumerate())
    ahead = AheadStream(stream_of(tmp_path / "blob", compressed(LONG_TAR, Compression.GZIP)), SIZE)
    ahead.read1(SIZE)
    ahead.close()
    assert set(threading.enumerate()) <= threads
