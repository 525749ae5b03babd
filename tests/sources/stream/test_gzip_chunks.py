"""Gzip in large chunks against the careful stream of members: the same bytes, then the same error."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from layerscope.errors import InvalidLayer
from layerscope.model.image import Compression, FileSpan
from layerscope.sources.stream.ahead import GzipChunks
from layerscope.sources.stream.compression import DecompressedSpan
from layerscope.sources.stream.member_stream import MemberStream
from tests.builders import compressed
from tests.sources.stream.test_broken_members import LONG_TAR, TAR, with_wrong_checksum

SHORT, LONG = (compressed(data, Compression.GZIP) for data in (TAR, LONG_TAR))
WRONG = with_wrong_checksum(LONG_TAR, Compression.GZIP)
WHOLE = {
    "one member": LONG,
    "several members": SHORT + LONG + SHORT,
    "an empty member": compressed(b"", Compression.GZIP) + LONG,
    "zeros after members": SHORT + bytes(3000) + LONG + bytes(200_000),
}
BROKEN = {
    "wrong checksum": SHORT + WRONG,
    "cut off": SHORT + LONG[: len(LONG) * 2 // 3],
    "cut off in its checksum": LONG[:-3],
    "cut off in a header": SHORT + LONG[:5],
    "other bytes in its middle": LONG[: len(LONG) // 2] + b"\xff" * 64 + LONG[len(LONG) // 2 + 64 :],
    "other bytes behind it": LONG + b"behind",
    "a member behind other bytes": SHORT + b"between" + LONG,
}
SIZES = [1000, 1 << 20]


def careful_stream(span: FileSpan) -> DecompressedSpan:
    return DecompressedSpan(span, Compression.GZIP)


def read(
    path: Path, blob: bytes, size: int, open_stream: Callable[[FileSpan], DecompressedSpan]
) -> tuple[bytes, str | None]:
    """Return the bytes that can be decompressed, and the error that follows."""
    path.write_bytes(blob)
    span = FileSpan(str(path), 0, len(blob), len(blob))
    taken = []
    with closing(open_stream(span)) as stream:
        try:
            while chunk := stream.read1(size):
                assert len(chunk) <= size
                taken.append(chunk)
        except InvalidLayer as error:
            with pytest.raises(InvalidLayer):
                stream.check()
            return b"".join(taken), str(error)
        stream.check()
    return b"".join(taken), None


@pytest.mark.parametrize("blob", [*WHOLE.values(), *BROKEN.values()], ids=[*WHOLE, *BROKEN])
@pytest.mark.parametrize("size", SIZES)
def test_bytes_and_error_are_those_of_the_careful_stream(tmp_path: Path, blob: bytes, size: int) -> None:
    expected = read(tmp_path / "x", blob, size, careful_stream)
    assert read(tmp_path / "x", blob, size, GzipChunks) == expected


@pytest.mark.parametrize("blob", WHOLE.values(), ids=WHOLE)
@pytest.mark.parametrize("size", SIZES)
def test_a_whole_file_is_decompressed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blob: bytes, size: int
) -> None:
    expected, _ = read(tmp_path / "x", blob, size, careful_stream)

    def not_needed(_stream: MemberStream, _size: int) -> bytes:
        raise AssertionError

    monkeypatch.setattr(MemberStream, "read1", not_needed)
    assert read(tmp_path / "x", blob, size, GzipChunks) == (expected, None)
