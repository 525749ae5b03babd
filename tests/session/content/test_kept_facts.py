import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from layerscope.cache.cache import Cache
from layerscope.comparison.compare import compare_images
from layerscope.model.image import Compression
from layerscope.session.image_session import ImageSession
from layerscope.session.open import open_image
from layerscope.session.reading.shared_layers import load_both
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.sources.layer import content
from tests.builders import file, image, layer, oci_archive, sparse

BASE = layer(
    file("large", b"x" * 1_000_000),
    file("copy", b"x" * 1_000_000),
    file("other", b"x" * 999_999 + b"y"),
    sparse("holes", 50_000, (5_000, b"data")),
    file("stored", bytes(5_000) + b"data" + bytes(44_996)),
    file("root/.ssh/id_rsa", b"-----BEGIN KEY\n" * 9),
)
TOP = layer(file("large", b"x" * 1_000_000, uid=7), file("etc/motd", b"hello"))
NEW_TOP = layer(file("large", b"x" * 999_999 + b"z"), file("etc/motd", b"howdy"))

pytestmark = pytest.mark.usefixtures("settled")


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


@pytest.fixture(params=[Compression.NONE, Compression.GZIP])
def archives(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Path]:
    """Return two images on one base; random bytes keep the compressed ones from being small."""
    noise = layer(file("noise", os.urandom(1_100_000)))
    old, new = (image(noise, BASE, top) for top in (TOP, NEW_TOP))
    return (
        oci_archive(tmp_path / "old.tar", old, compression=request.param),
        oci_archive(tmp_path / "new.tar", new, compression=request.param),
    )


def forbid_content(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every pass over content fail."""
    monkeypatch.setattr(content, "open_layer_content", None)


def opened(path: Path, cache: Cache | None) -> ImageSession:
    return open_image(str(path), cache=cache)


def why(session: ImageSession) -> object:
    analysis = SizeAnalysis(session.load())
    report = analysis.report._asdict()
    del report["prefixes"]
    return report, analysis.types, analysis.packages


def test_a_second_size_report_reads_no_content(
    archives: tuple[Path, Path], cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(archives[0], None) as session:
        expected = why(session)
    with opened(archives[0], cache) as session:
        assert why(session) == expected
    forbid_content(monkeypatch)
    with opened(archives[0], cache) as session:
        assert why(session) == expected


def test_a_second_comparison_reads_no_content(
    archives: tuple[Path, Path], cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    def differences() -> list[bytes]:
        with opened(archives[0], cache) as old, opened(archives[1], cache) as new:
            diff = compare_images(*load_both(old, new)).diff
            return [diff.pairing.shape.path(node) for node in diff.nodes]

    first = differences()
    assert first == [b"etc/motd", b"large"]
    forbid_content(monkeypatch)
    assert differences() == first


def occurrences(session: ImageSession, *paths: bytes) -> Iterator[int]:
    index = session.load().tree.index
    for path in paths:
        node = index.find(path)
        assert node is not None
        yield index.occurrence(node, 3)


def test_a_file_with_holes_is_told_apart_by_what_is_stored_in_a_later_run_too(
    archives: tuple[Path, Path], cache: Cache
) -> None:
    for sparse_sizes in ({50_000}, set[int](), {50_000}):
        with opened(archives[0], cache) as session:
            holes, stored = occurrences(session, b"holes", b"stored")
            digests = session.load().contents.digests([holes, stored], sparse_sizes)
            assert digests[holes] == digests[stored]


def test_more_first_bytes_than_are_known_are_read(archives: tuple[Path, Path], cache: Cache) -> None:
    for size in (2, 4, 3, 900):
        with opened(archives[0], cache) as session:
            (motd,) = occurrences(session, b"etc/motd")
            assert session.load().contents.prefixes([motd], size) == {motd: b"hello"[:size]}


def test_what_is_known_about_files_is_kept_once_for_layers_that_share_a_blob(tmp_path: Path) -> None:
    session = open_image(str(oci_archive(tmp_path / "image.tar", image(BASE, TOP, BASE))))
    with session:
        first, other, again = map(session.layers.known.facts, session.image.layers)
        assert first is again
        assert first is not other
