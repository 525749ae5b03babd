import random
from pathlib import Path

import pytest

from layerscope.errors import InvalidLayer
from layerscope.model.image import Compression
from layerscope.session.image_session import ImageSession
from layerscope.session.loaded_image import loaded_image
from layerscope.session.open import open_image
from layerscope.sources.tar.file_hash import digest_of
from tests.builders import file, hardlink, image, layer, oci_archive, sparse, whiteout

CONTENT = random.Random(1).randbytes(700_000)  # noqa: S311  # the same each time


@pytest.fixture(params=list(Compression))
def compression(request: pytest.FixtureRequest) -> Compression:
    kind: Compression = request.param
    return kind


def session_of(tmp_path: Path, compression: Compression, *layers: bytes) -> ImageSession:
    return open_image(str(oci_archive(tmp_path / "image.tar", image(*layers), compression=compression)))


def occurrence(session: ImageSession, path: bytes, number: int = 1) -> int:
    node = session.load().tree.index.find(path)
    assert node is not None
    return session.load().tree.index.occurrence(node, number)


def test_a_range_of_a_file_is_read_in_any_order(tmp_path: Path, compression: Compression) -> None:
    with session_of(tmp_path, compression, layer(file("a", CONTENT), file("b", b"small"))) as session:
        found, small = occurrence(session, b"a"), occurrence(session, b"b")
        contents = session.load().contents
        assert contents.read_range(small, 0, 100) == b"small"
        for offset, size in ((600_000, 10), (0, 5), (699_990, 100), (700_000, 5), (800_000, 5), (10, 0)):
            assert contents.read_range(found, offset, size) == CONTENT[offset : offset + size]
        assert b"".join(contents.chunks(found)) == CONTENT
        list(contents.prepare(found))
        assert contents.read_range(found, 699_999, 1) == CONTENT[-1:]


def test_the_holes_of_a_sparse_file_are_zeros_at_any_offset(tmp_path: Path, compression: Compression) -> None:
    pieces = [(100, b"x" * 512), (5000, b"y" * 512)]
    whole = bytearray(9000)
    for start, data in pieces:
        whole[start : start + len(data)] = data
    with session_of(tmp_path, compression, layer(sparse("s", 9000, *pieces))) as session:
        found = occurrence(session, b"s")
        for offset, size in ((0, 50), (90, 20), (600, 4500), (4999, 2), (5500, 5000), (0, 9000)):
            assert session.load().contents.read_range(found, offset, size) == whole[offset : offset + size]
        assert b"".join(session.load().contents.chunks(found)) == whole


def test_reading_a_huge_sparse_file_costs_the_range_that_is_read(tmp_path: Path) -> None:
    with session_of(tmp_path, Compression.NONE, layer(sparse("s", 1 << 61, (1 << 60, b"z" * 512)))) as session:
        found = occurrence(session, b"s")
        assert session.load().contents.read_range(found, (1 << 60) - 2, 4) == b"\0\0zz"
        assert session.load().contents.size(found) == 1 << 61


def test_a_hard_link_has_the_content_of_its_target(tmp_path: Path) -> None:
    upper = layer(whiteout("a"))
    with session_of(tmp_path, Compression.GZIP, layer(file("a", b"abc"), hardlink("l", "a")), upper) as session:
        assert session.load().contents.read_range(occurrence(session, b"l", 2), 1, 5) == b"bc"


def test_a_hard_link_without_a_target_is_an_error(tmp_path: Path) -> None:
    with (
        session_of(tmp_path, Compression.NONE, layer(hardlink("l", "nowhere"))) as session,
        pytest.raises(InvalidLayer, match="hard link"),
    ):
        session.load().contents.read_range(occurrence(session, b"l"), 0, 1)


def test_digests_match_the_bytes_and_are_computed_once(tmp_path: Path, compression: Compression) -> None:
    layers = layer(file("a", CONTENT), hardlink("l", "a")), layer(file("b", b"b"), file("c"))
    with session_of(tmp_path, compression, *layers) as session:
        found = {name: occurrence(session, name, 2) for name in (b"a", b"l", b"b", b"c")}
        digests = session.load().contents.digests(found.values())
        wanted = {b"a": CONTENT, b"l": CONTENT, b"b": b"b", b"c": b""}
        assert {name: digests[found[name]] for name in found} == {
            name: digest_of(content) for name, content in wanted.items()
        }


def test_contents_over_another_tree_share_what_is_open_and_end_with_the_session(tmp_path: Path) -> None:
    with session_of(tmp_path, Compression.ZSTD, layer(file("a", CONTENT))) as session:
        other = loaded_image(session.layers, session.load().tree, session.tallies).contents
        found = occurrence(session, b"a")
        assert other.read_range(found, 5, 5) == session.load().contents.read_range(found, 5, 5)
    with pytest.raises(InvalidLayer, match="closed"):
        other.read_range(found, 5, 5)
