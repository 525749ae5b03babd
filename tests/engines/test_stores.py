"""Images read from the stores of real engines, without an export."""

import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from layerscope.cache.cache import Cache, RecordKind
from layerscope.cli.main import run as layerscope
from layerscope.errors import InvalidLayer
from layerscope.session.open import open_image
from tests.cli.runner import document, without
from tests.engines.forwarder import Forwarder, forwarded
from tests.engines.tools import VARIABLES, need, run

pytestmark = pytest.mark.engine

UNKNOWN_TO_A_STORE = {"reference", "source", "digest", "media_type", "blob_size", "tags"}


@pytest.fixture(params=list(VARIABLES))
def engine(request: pytest.FixtureRequest) -> str:
    """Return an engine whose store this user may read."""
    name = str(request.param)
    need(name, "version")
    if VARIABLES[name] not in os.environ:
        pytest.skip(f"{VARIABLES[name]} is not set")
    if os.geteuid() != 0:
        pytest.skip("the store belongs to root")
    return name


@pytest.fixture
def loaded(engine: str, archive: Path) -> Iterator[str]:
    """Load the image into the engine, and remove it again."""
    run(engine, "load", "-i", archive)
    with archive.open("rb"):
        tag = json.loads(run("tar", "-xOf", archive, "manifest.json"))[0]["RepoTags"][0]
    yield f"{engine}://{tag}"
    run(engine, "rmi", "-f", tag)


@pytest.fixture
def socket_of(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forwarder]:
    """Count what the engine sends on its socket."""
    path = tmp_path_factory.mktemp("s") / "s"
    variable = VARIABLES[engine]
    engine_socket = os.environ[variable].removeprefix("unix://")
    with forwarded(engine_socket, path) as forwarder, pytest.MonkeyPatch.context() as patch:
        patch.setenv(variable, forwarder.host)
        yield forwarder


@pytest.mark.parametrize("command", ["layers", "tree", "why"])
def test_a_store_gives_the_documents_of_the_archive(
    command: str, archive: Path, loaded: str, capsys: pytest.CaptureFixture[str]
) -> None:
    unknown = UNKNOWN_TO_A_STORE | {"storage", "blob_saves_estimate", "blob_size_estimate"}
    stored, saved = document(capsys, command, loaded), document(capsys, command, archive)
    assert without(stored, unknown) == without(saved, unknown)
    known = document(capsys, command, loaded)
    assert known == stored


def test_what_a_store_holds_is_kept_by_diff_id(
    loaded: str, own_cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = document(capsys, "layers", loaded)
    kept = {entry.head.key for entry in Cache(own_cache).entries() if entry.head is not None}
    assert {f"entries {layer['diff_id']}" for layer in listed["layers"]} < kept


def test_a_readable_store_needs_no_export(
    loaded: str, socket_of: Forwarder, capsys: pytest.CaptureFixture[str]
) -> None:
    document(capsys, "why", loaded)
    assert socket_of.received < 100_000
    assert not [request for request in socket_of.requests if "/get " in request]


@pytest.fixture
def socket_path(engine: str) -> str:
    return os.environ[VARIABLES[engine]].removeprefix("unix://")


@pytest.fixture
def exporting(engine: str, socket_path: str) -> Iterator[Forwarder]:
    """Count what the engine sends on a TCP socket: behind that, its store is not read."""
    with forwarded(socket_path) as forwarder, pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLES[engine], forwarder.host)
        yield forwarder


def exports(forwarder: Forwarder) -> list[str]:
    return [request for request in forwarder.requests if "/get" in request]


UNKNOWN_TO_AN_EXPORT = {"reference", "source", "digest", "media_type", "tags", "storage"}


@pytest.mark.parametrize("command", ["layers", "tree", "why"])
def test_an_export_gives_the_documents_of_the_archive(
    command: str, archive: Path, loaded: str, exporting: Forwarder, capsys: pytest.CaptureFixture[str]
) -> None:
    exported, saved = document(capsys, command, loaded, "--no-cache"), document(capsys, command, archive)
    assert without(exported, UNKNOWN_TO_AN_EXPORT) == without(saved, UNKNOWN_TO_AN_EXPORT)
    assert len(exports(exporting)) == 1


def test_two_images_of_one_engine_are_exported_together(
    loaded: str, exporting: Forwarder, capsys: pytest.CaptureFixture[str]
) -> None:
    engine, _, name = loaded.partition("://")
    # an image that an engine cannot unpack is not described, and exported alone
    need(engine, "inspect", name)
    assert document(capsys, "diff", loaded, loaded, "--no-cache")["changes"] == []
    assert len(exports(exporting)) == 1


def test_the_second_open_of_an_exported_image_exports_nothing(
    loaded: str, exporting: Forwarder, capsys: pytest.CaptureFixture[str]
) -> None:
    exported = [document(capsys, command, loaded, "--no-cache") for command in ("layers", "tree", "why")]
    document(capsys, "layers", loaded)
    exporting.requests.clear()
    exporting.received = 0
    assert [document(capsys, command, loaded) for command in ("layers", "tree", "why")] == exported
    assert exports(exporting) == []
    assert exporting.received < 100_000


def test_a_container_of_a_known_image_exports_nothing(
    engine: str, loaded: str, exporting: Forwarder, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"layerscope-test-{uuid.uuid4().hex[:12]}"
    run(engine, "create", "--name", name, loaded.partition("://")[2], "/none")
    try:
        first = document(capsys, "layers", f"container://{name}", "--engine", engine)
        assert len(exports(exporting)) == 1
        assert document(capsys, "layers", f"container://{name}", "--engine", engine) == first
        document(capsys, "layers", loaded)
        assert len(exports(exporting)) == 1
    finally:
        run(engine, "rm", name)


def test_what_one_engine_states_is_not_believed_of_another(
    engine: str, loaded: str, socket_path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        with forwarded(socket_path) as address, pytest.MonkeyPatch.context() as patch:
            patch.setenv(VARIABLES[engine], address.host)
            document(capsys, "layers", loaded)
            assert len(exports(address)) == 1


def test_a_file_of_an_exported_image_is_read_from_the_cache_or_exported_again(
    loaded: str, exporting: Forwarder, own_cache: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    def content() -> bytes:
        capfdbinary.readouterr()
        assert layerscope(["cat", loaded, "/etc/text", "--layer", "1"]) == 0
        return capfdbinary.readouterr().out

    assert content() == content() == b"one\n" * 1000
    assert len(exports(exporting)) == 1
    cache = Cache(own_cache)
    cache.remove(entry for entry in cache.entries() if entry.path.name.startswith(RecordKind.EXPORT))
    assert content() == content() == b"one\n" * 1000
    assert len(exports(exporting)) == 2


@pytest.mark.usefixtures("exporting")
def test_an_image_that_is_gone_when_its_content_is_needed_is_an_error(
    engine: str, loaded: str, own_cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document(capsys, "layers", loaded)
    cache = Cache(own_cache)
    cache.remove(entry for entry in cache.entries() if entry.path.name.startswith(RecordKind.EXPORT))
    with open_image(loaded, cache=cache) as session:
        run(engine, "rmi", "-f", loaded.partition("://")[2])
        tree = session.load().tree
        node = tree.index.find(b"etc/text")
        assert node is not None
        with pytest.raises(InvalidLayer, match=" at tcp://"):
            list(session.load().contents.chunks(tree.index.occurrence(node, 1)))


def test_files_are_read_from_the_folders_of_the_store(loaded: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    for path, layer_number, content in (
        ("/etc/text", 1, b"one\n" * 1000),
        ("/etc/text", 3, b"two"),
        ("/data/gone", 1, b"x" * 5000),
    ):
        capfdbinary.readouterr()
        assert layerscope(["cat", loaded, path, "--layer", str(layer_number)]) == 0
        assert capfdbinary.readouterr().out == content
