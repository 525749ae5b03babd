import bz2
import gzip
import hashlib
import lzma
import os
import random
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.errors import FormatError, InvalidLayer
from layerscope.model.image import Compression, FileSpan, Layer
from layerscope.sources.layer.content import StreamedContent
from layerscope.sources.layer.gzip_checkpoints import CheckpointedContent, Inflation, _zlib
from layerscope.sources.layer.random_access import SpoolBudget, SpooledContent, open_random_content
from tests.builders import compressed

pytestmark = pytest.mark.thorough

KINDS = list(Compression)
SPOOLED = [Compression.ZSTD, Compression.XZ, Compression.BZIP2]


def plain_bytes(count: int = 600_000) -> bytes:
    """Return bytes that compress somewhat and repeat nowhere."""
    dice = random.Random(7)  # noqa: S311  # the same each time
    words = [dice.randbytes(9) for _ in range(500)]
    return b"".join(dice.choice(words) + b"%d" % n for n in range(count // 14))


PLAIN = plain_bytes()


@pytest.fixture
def stored(tmp_path: Path) -> Callable[[bytes], FileSpan]:
    """Write bytes somewhere into a file, with others around them."""

    def write(data: bytes) -> FileSpan:
        path = tmp_path / hashlib.sha256(data).hexdigest()
        path.write_bytes(b"before" + data + b"\x1f\x8bafter")
        return FileSpan(str(path), 6, len(data), len(data))

    return write


@pytest.fixture(scope="module")
def gzipped(tmp_path_factory: pytest.TempPathFactory) -> FileSpan:
    data = in_pieces(Compression.GZIP)
    path = tmp_path_factory.mktemp("stored") / "layer.tar.gz"
    path.write_bytes(data)
    return FileSpan(str(path), 0, len(data), len(data))


def in_pieces(kind: Compression) -> bytes:
    """Return the bytes in three members or frames, the second of them empty."""
    return b"".join(compressed(part, kind) for part in (PLAIN[:200_000], b"", PLAIN[200_000:]))


def layer(span: FileSpan, kind: Compression) -> Layer:
    return Layer(1, span, kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("several", [False, True])
def test_random_reads_return_the_same_bytes_as_one_pass(
    stored: Callable[[bytes], FileSpan], kind: Compression, several: bool
) -> None:
    span = stored(in_pieces(kind) if several else compressed(PLAIN, kind))
    content = open_random_content(layer(span, kind), SpoolBudget())
    dice = random.Random(3)  # noqa: S311  # the same each time
    for _ in range(200):
        start = dice.randrange(len(PLAIN))
        size = dice.randrange(2000)
        wanted = PLAIN[start : start + size]
        assert content.read(start, len(wanted)) == wanted
    content.close()


@given(st.lists(st.tuples(st.integers(0, len(PLAIN)), st.integers(0, 70_000)), max_size=12), st.integers(2, 20))
@settings(max_examples=24, deadline=None)
def test_checkpoints_work_at_any_position_and_spacing(
    gzipped: FileSpan, reads: list[tuple[int, int]], most: int
) -> None:
    content = CheckpointedContent(gzipped, spacing=10_000, most=most)
    for start, size in reads:
        wanted = PLAIN[start : start + size]
        assert content.read(start, len(wanted)) == wanted
    assert len(content._checkpoints) <= most
    content.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_truncated_layer_is_read_up_to_its_end(stored: Callable[[bytes], FileSpan], kind: Compression) -> None:
    whole = compressed(PLAIN, kind)
    span = stored(whole[: len(whole) // 2])
    readable = _readable(span, kind)
    content = open_random_content(layer(span, kind), SpoolBudget())
    list(content.prepare())
    assert readable > 0 or kind is Compression.BZIP2
    assert content.read(0, readable) == PLAIN[:readable]
    for _ in range(2):
        with pytest.raises(FormatError):
            content.read(len(PLAIN) - 10, 10)
    assert content.read(0, min(readable, 10)) == PLAIN[: min(readable, 10)]
    content.close()


def _readable(span: FileSpan, kind: Compression) -> int:
    """Return how many bytes a pass from the start gives."""
    if kind is Compression.NONE:
        return span.size
    count = 0
    stream = StreamedContent(span, kind)
    try:
        for count in range(0, len(PLAIN), 1000):
            list(stream.chunks(count, 1000))
    except FormatError:
        pass
    stream.close()
    return count


@pytest.mark.parametrize("kind", KINDS[1:])
def test_a_layer_is_readable_up_to_its_break(stored: Callable[[bytes], FileSpan], kind: Compression) -> None:
    data = bytearray(compressed(PLAIN[:300_000], kind) + compressed(PLAIN[300_000:], kind))
    at = len(compressed(PLAIN[:300_000], kind)) + 2000
    data[at : at + 60] = b"\xff" * 60
    content = open_random_content(layer(stored(bytes(data)), kind), SpoolBudget())
    with pytest.raises(FormatError):
        content.read(0, 2 * len(PLAIN))
    assert content.read(1000, 100_000) == PLAIN[1000:101_000]
    content.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_read_beyond_the_end_names_the_end(stored: Callable[[bytes], FileSpan], kind: Compression) -> None:
    content = open_random_content(layer(stored(compressed(PLAIN, kind)), kind), SpoolBudget())
    with pytest.raises(InvalidLayer, match="ends before"):
        content.read(len(PLAIN) - 5, 6)
    assert content.read(len(PLAIN) - 5, 5) == PLAIN[-5:]
    assert content.read(len(PLAIN), 0) == b""
    content.close()


def test_zeros_may_follow_a_gzip_stream(stored: Callable[[bytes], FileSpan]) -> None:
    data = gzip.compress(PLAIN) + bytes(200_000)
    content = CheckpointedContent(stored(data))
    with pytest.raises(InvalidLayer, match="ends before"):
        content.read(len(PLAIN), 1)
    assert content.read(len(PLAIN) - 9, 9) == PLAIN[-9:]
    content.close()


def _counted(inflated: list[int]) -> Callable[[Inflation, int], bytes]:
    take = Inflation.take

    def counting(inflation: Inflation, size: int) -> bytes:
        taken = take(inflation, size)
        inflated[0] += len(taken)
        return taken

    return counting


def test_a_prepared_layer_is_read_without_inflating_it_from_its_start(
    stored: Callable[[bytes], FileSpan], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = gzip.compress(PLAIN)
    content = CheckpointedContent(stored(data), spacing=50_000)
    passed = list(content.prepare())
    assert passed == sorted(passed)
    assert passed[-1] == len(data)
    inflated = [0]
    monkeypatch.setattr(Inflation, "take", _counted(inflated))
    assert content.read(len(PLAIN) - 10, 5) == PLAIN[-10:-5]
    assert inflated[0] < len(PLAIN) // 2
    content.close()


def test_pythons_own_zlib_replaces_a_missing_zlib_ng(gzipped: FileSpan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zlib_ng.zlib_ng", None)
    _zlib.cache_clear()
    content = CheckpointedContent(gzipped, spacing=50_000)
    assert content.read(500_000, 100) == PLAIN[500_000:500_100]
    assert content.read(100_000, 100) == PLAIN[100_000:100_100]
    content.close()
    _zlib.cache_clear()


@pytest.mark.parametrize("kind", SPOOLED)
@pytest.mark.parametrize("limit", [0, 300_000])
def test_beyond_the_budget_a_layer_is_decompressed_again(
    stored: Callable[[bytes], FileSpan], kind: Compression, limit: int
) -> None:
    content = SpooledContent(stored(compressed(PLAIN, kind)), kind, SpoolBudget(limit))
    for start in (0, 500_000, 100, 400_000, 0):
        assert content.read(start, 5000) == PLAIN[start : start + 5000]
    list(content.prepare())
    content.close()


def test_reads_work_when_the_disk_is_full(stored: Callable[[bytes], FileSpan], monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int, _data: memoryview, _offset: int) -> int:
        raise OSError(28, "No space left on device")

    content = SpooledContent(stored(lzma.compress(PLAIN)), Compression.XZ, SpoolBudget())
    monkeypatch.setattr(os, "pwrite", full)
    assert content.read(400_000, 5000) == PLAIN[400_000:405_000]
    assert content.read(4, 5) == PLAIN[4:9]
    content.close()


def test_a_layer_is_decompressed_each_time_when_no_temporary_file_can_be_made(
    stored: Callable[[bytes], FileSpan], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(**_options: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr("tempfile.TemporaryFile", refused)
    content = SpooledContent(stored(bz2.compress(PLAIN)), Compression.BZIP2, SpoolBudget())
    assert content.read(400_000, 5000) == PLAIN[400_000:405_000]
    assert content.read(4, 5) == PLAIN[4:9]
    list(content.prepare())
    content.close()


def test_a_spool_has_no_name(
    stored: Callable[[bytes], FileSpan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "spool"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    content = SpooledContent(stored(compressed(PLAIN, Compression.ZSTD)), Compression.ZSTD, SpoolBudget())
    content.read(0, 10)
    assert list(folder.iterdir()) == []
    content.close()


@pytest.mark.parametrize("kind", KINDS)
def test_several_threads_may_read_while_one_prepares(stored: Callable[[bytes], FileSpan], kind: Compression) -> None:
    content = open_random_content(layer(stored(compressed(PLAIN, kind)), kind), SpoolBudget())
    wrong: list[int] = []

    def read(seed: int) -> None:
        dice = random.Random(seed)  # noqa: S311  # the same each time
        for _ in range(50):
            start = dice.randrange(len(PLAIN) - 300)
            if content.read(start, 300) != PLAIN[start : start + 300]:
                wrong.append(start)

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    list(content.prepare())
    for thread in threads:
        thread.join()
    assert not wrong
    content.close()


@pytest.mark.parametrize("kind", KINDS)
def test_reading_after_close_is_an_error(stored: Callable[[bytes], FileSpan], kind: Compression) -> None:
    content = open_random_content(layer(stored(compressed(PLAIN, kind)), kind), SpoolBudget())
    content.close()
    with pytest.raises(InvalidLayer):
        content.read(0, 1)
    assert list(content.prepare()) == []


def test_a_missing_layer_is_an_error_with_the_reason() -> None:
    with pytest.raises(InvalidLayer, match="it is foreign"):
        open_random_content(Layer(1, None, None, problem="it is foreign"), SpoolBudget())
    with pytest.raises(InvalidLayer, match="cannot read the layer: No such file"):
        open_random_content(layer(FileSpan("/no/such/file", 0, 1, 1), Compression.GZIP), SpoolBudget())
