"""Archives that are compressed as a whole: what is known of them is not decompressed again."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from layerscope.cache.cache import Cache, RecordKind
from layerscope.errors import InvalidLayer
from layerscope.model.documents import Digest
from layerscope.model.image import Compression
from layerscope.session.image_session import ImageSession
from layerscope.session.open import open_image
from layerscope.sources.stream.spool import Spool
from tests.builders import (
    archive_bytes,
    attested_files,
    blob_name,
    compressed,
    docker_files,
    file,
    image,
    layer,
    sha256,
    whiteout,
    write_tar,
)
from tests.cli.runner import ask

LARGE = layer(file("large", b"x" * 1_000_000), file("etc/hosts", b"one"))
TOP = layer(whiteout("large"), file("etc/hosts", b"two"))
RECIPE = image(LARGE, TOP, tags=["app:v1"])

COMPRESSED = [compression for compression in Compression if compression is not Compression.NONE]

pytestmark = pytest.mark.usefixtures("settled")


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return write_tar(tmp_path / "image.tar.gz", docker_files(RECIPE), Compression.GZIP)


@pytest.fixture
def decompressed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that gets the name of each archive that is decompressed."""
    names: list[str] = []
    original = Spool.decompressed

    def counted(spool: Spool, *arguments: object) -> object:
        names.append(str(arguments[2]))
        return original(spool, *arguments)  # type: ignore[arg-type]  # what it was called with

    monkeypatch.setattr(Spool, "decompressed", counted)
    return names


def opened(path: Path, cache: Cache, tag: str | None = None) -> ImageSession:
    return open_image(str(path), tag, cache=cache)


def listed(path: Path, cache: Cache, tag: str | None = None) -> None:
    """Read the layers, and let the cache keep them."""
    with opened(path, cache, tag) as session:
        assert session.tallies.layers


def content(session: ImageSession, path: bytes) -> bytes:
    index = session.load().tree.index
    node = index.find(path)
    assert node is not None
    return b"".join(session.load().contents.chunks(index.occurrence(node, len(session.image.layers))))


def kinds(cache: Cache) -> set[str]:
    return {entry.head.key.split(" ")[0] for entry in cache.entries() if entry.head is not None}


@pytest.mark.parametrize("command", ["layers", "tree", "why"])
@pytest.mark.parametrize("compression", COMPRESSED)
def test_a_known_archive_gives_the_same_document_and_is_not_decompressed(
    command: str, compression: Compression, tmp_path: Path, decompressed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_tar(tmp_path / "image.tar", docker_files(RECIPE), compression)
    first = ask(capsys, command, path, "--json")
    assert len(decompressed) == 1
    assert ask(capsys, command, path, "--json") == first
    assert len(decompressed) == 1
    assert ask(capsys, command, path, "--json", "--no-cache") == first


def test_large_documents_of_a_known_archive_are_read_without_it(
    tmp_path: Path, cache: Cache, decompressed: list[str]
) -> None:
    statement = {"builder": {"id": "https://example.com/"}, "metadata": {"note": "x" * 100_000}}
    files = attested_files(RECIPE, "https://slsa.dev/provenance/v0.2", statement)
    path = write_tar(tmp_path / "image.tar.gz", files, Compression.GZIP)
    with opened(path, cache) as session:
        assert session.tallies.layers
        attestations = session.image.attestations
    assert attestations.provenance is not None
    with opened(path, cache) as session:
        assert session.image.attestations == attestations
    assert len(decompressed) == 1


def test_a_comparison_of_two_known_archives_decompresses_none(
    archive: Path, tmp_path: Path, decompressed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    other = write_tar(tmp_path / "other.tar.xz", docker_files(image(LARGE)), Compression.XZ)
    first = ask(capsys, "diff", archive, other)
    assert len(decompressed) == 2
    assert ask(capsys, "diff", archive, other) == first
    assert len(decompressed) == 2


def test_content_is_decompressed_when_it_is_read_and_only_once(
    archive: Path, cache: Cache, decompressed: list[str]
) -> None:
    listed(archive, cache)
    decompressed.clear()
    with opened(archive, cache) as session:
        assert session.tallies.layers
        assert decompressed == []
        assert content(session, b"etc/hosts") == b"two"
        assert content(session, b"etc/hosts") == b"two"
        assert session.layers.readable(1).blob_size == len(LARGE)
    assert len(decompressed) == 1


def test_an_archive_that_was_compressed_twice_is_known_as_well(
    tmp_path: Path, cache: Cache, decompressed: list[str]
) -> None:
    path = tmp_path / "image.tar.gz.xz"
    once = compressed(archive_bytes(docker_files(RECIPE)), Compression.GZIP)
    path.write_bytes(compressed(once, Compression.XZ))
    listed(path, cache)
    decompressed.clear()
    with opened(path, cache) as session:
        assert session.tallies.layers
        assert decompressed == []
        assert content(session, b"etc/hosts") == b"two"


def test_an_archive_that_was_written_again_is_decompressed_again(
    archive: Path, cache: Cache, decompressed: list[str]
) -> None:
    listed(archive, cache)
    write_tar(archive, docker_files(image(layer(file("new", b"y" * 2_000_000)))), Compression.GZIP)
    with opened(archive, cache) as session:
        assert session.load().tree.index.find(b"new")
    assert len(decompressed) == 2


def test_content_of_an_archive_that_has_changed_since_it_was_opened_is_an_error(archive: Path, cache: Cache) -> None:
    listed(archive, cache)
    with opened(archive, cache) as session:
        assert session.tallies.layers
        write_tar(archive, docker_files(image(LARGE)), Compression.GZIP)
        with pytest.raises(InvalidLayer, match="has changed since it was opened"):
            content(session, b"etc/hosts")


def test_a_lying_archive_serves_itself_alone(archive: Path, tmp_path: Path, cache: Cache) -> None:
    evil = layer(file("evil", b"!" * 1_500_000))
    liar = write_tar(
        tmp_path / "liar.tar.gz", docker_files(RECIPE) | {blob_name(sha256(LARGE)): evil}, Compression.GZIP
    )
    listed(liar, cache)
    assert not cache.holds(RecordKind.ENTRIES, str(Digest("sha256", sha256(LARGE))))
    with opened(archive, cache) as session:
        assert session.load().tree.index.find(b"evil") is None
    with opened(liar, cache) as session:
        assert session.load().tree.index.find(b"evil")


def test_nothing_is_kept_of_standard_input(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = compressed(archive_bytes(docker_files(RECIPE)), Compression.GZIP)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(packed)))
    with open_image("-", cache=cache) as session:
        assert session.load().tree.layers
    assert cache.entries() == []


def test_nothing_is_kept_of_a_stream_that_breaks(tmp_path: Path, cache: Cache) -> None:
    path = tmp_path / "broken.tar.gz"
    path.write_bytes(compressed(archive_bytes(docker_files(RECIPE)), Compression.GZIP)[:-6])
    for _ in range(2):
        with opened(path, cache) as session:
            assert session.tallies.layers
            assert "ends early" in " ".join(session.image.warnings)
    assert cache.entries() == []


@pytest.mark.parametrize("kind", [RecordKind.ENTRIES, RecordKind.OUTLINE])
@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: data[:-1] + bytes([data[-1] ^ 1])])
def test_a_damaged_record_is_a_miss(
    kind: RecordKind, damage: Callable[[bytes], bytes], archive: Path, cache: Cache, decompressed: list[str]
) -> None:
    listed(archive, cache)
    with opened(archive, cache) as session:
        tallies = session.tallies
    for entry in cache.entries():
        if entry.path.name.startswith((kind, RecordKind.TALLIES)):
            entry.path.write_bytes(damage(entry.path.read_bytes()))
    for _ in range(2):
        with opened(archive, cache) as session:
            assert session.tallies == tallies
            assert session.load().tree.layers
    assert len(decompressed) == 2


def test_of_several_images_each_has_to_be_known(tmp_path: Path, cache: Cache, decompressed: list[str]) -> None:
    both = docker_files(RECIPE, image(layer(file("other", b"z" * 1_000_000)), tags=["other:v1"]))
    path = write_tar(tmp_path / "two.tar.zst", both, Compression.ZSTD)
    for tag in ("app:v1", "app:v1", "other:v1"):
        listed(path, cache, tag)
    assert len(decompressed) == 3
    for tag in ("app:v1", "other:v1"):
        listed(path, cache, tag)
    assert len(decompressed) == 3


def test_what_is_kept_is_small(archive: Path, cache: Cache) -> None:
    listed(archive, cache)
    assert kinds(cache) == {RecordKind.ENTRIES, RecordKind.TALLIES, RecordKind.OUTLINE}
    assert cache.size < 50_000
