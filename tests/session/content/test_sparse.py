"""Sparse files in passes over content: a hole costs nothing, and is equal to stored zeros."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from layerscope.analysis.size.dead import DeadReason
from layerscope.comparison.compare import compare_images
from layerscope.errors import ReadingStopped
from layerscope.model.image import Compression
from layerscope.session.image_session import ImageSession
from layerscope.session.open import open_image
from layerscope.session.size.report import size_report
from tests.builders import file, image, layer, oci_archive, sparse

HUGE = (1 << 63) - 4096
PIECE = b"x" * 512

Compressions = pytest.mark.parametrize("compression", [Compression.NONE, Compression.GZIP])


def opened(stack: ExitStack, path: Path, compression: Compression, *layers: bytes) -> ImageSession:
    return stack.enter_context(open_image(str(oci_archive(path, image(*layers), compression=compression))))


@Compressions
@pytest.mark.parametrize("same", [True, False])
def test_files_of_8_eib_are_compared_by_their_stored_bytes(
    tmp_path: Path, compression: Compression, *, same: bool
) -> None:
    old = layer(sparse("f", HUGE, (1 << 40, PIECE)))
    new = layer(sparse("f", HUGE, (1 << 40, PIECE if same else b"y" * 512)), file("other"))
    with ExitStack() as stack:
        session = opened(stack, tmp_path / "a.tar", compression, old, new)
        (dead,) = size_report(session.load()).dead.entries
    assert dead.reason is (DeadReason.IDENTICAL if same else DeadReason.OVERWRITTEN)


@Compressions
def test_a_hole_is_equal_to_stored_zeros_in_one_image(tmp_path: Path, compression: Compression) -> None:
    dense = bytes(10_000) + PIECE + bytes(9_488)
    layers = [
        layer(file("f", dense)),
        layer(sparse("f", 20_000, (10_000, PIECE))),
        layer(file("f", dense[:-1] + b"y")),
    ]
    with ExitStack() as stack:
        session = opened(stack, tmp_path / "a.tar", compression, *layers)
        reasons = {entry.writer: entry.reason for entry in size_report(session.load()).dead.entries}
    assert reasons == {1: DeadReason.IDENTICAL, 2: DeadReason.OVERWRITTEN}


@Compressions
def test_a_hole_is_equal_to_stored_zeros_in_two_images(tmp_path: Path, compression: Compression) -> None:
    dense = bytes(10_000) + PIECE + bytes(9_488)
    with ExitStack() as stack:
        old = opened(stack, tmp_path / "old.tar", Compression.NONE, layer(file("f", dense), file("g", dense)))
        new_layer = layer(sparse("f", 20_000, (10_000, PIECE)), sparse("g", 20_000, (10_001, PIECE)))
        new = opened(stack, tmp_path / "new.tar", compression, new_layer)
        diff = compare_images(old.load(), new.load()).diff
        assert [diff.change(row).path for row in range(len(diff))] == [b"g"]


def test_a_stopped_session_ends_a_pass_that_is_running(tmp_path: Path) -> None:
    with ExitStack() as stack:
        session = opened(stack, tmp_path / "a.tar", Compression.GZIP, layer(file("a", b"1" * 9), file("b", b"2" * 9)))
        loaded = session.load()
        session.stop_reading()
        with pytest.raises(ReadingStopped):
            size_report(loaded)
