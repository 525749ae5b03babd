"""Images of real engines: export, open, build, list."""

import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from layerscope.errors import EngineUnavailable, ImageNotFound, LayerscopeError, SourceError
from layerscope.session.local.build import build
from layerscope.session.local.images import local_images
from layerscope.sources.engine import podman_command
from layerscope.sources.engine.endpoints import Endpoint, endpoints
from layerscope.sources.engine.export import connected
from layerscope.sources.image.files import read_span
from layerscope.sources.open import open_source
from tests.builders import archive_bytes, directory, docker_files, file, image, layer, sha256

pytestmark = pytest.mark.engine


@pytest.fixture(params=["docker", "podman"])
def engine(request: pytest.FixtureRequest) -> str:
    """Return the name of each engine that answers."""
    name = str(request.param)
    reachable(name)
    return name


def reachable(engine: str) -> Endpoint:
    refusals = []
    for endpoint in endpoints(engine):
        try:
            with connected(endpoint):
                return endpoint
        except EngineUnavailable as error:
            refusals.append(str(error))
    pytest.skip(f"no {engine} answers: {'; '.join(refusals)}")


class Loaded:
    """An image that an engine has during a test."""

    def __init__(self, engine: str) -> None:
        self.repository = f"layerscope-test-{uuid.uuid4().hex[:12]}"
        self.tar = layer(directory("etc"), file("etc/hosts", self.repository.encode()))
        self.recipe = image(self.tar, tags=[f"{self.repository}:v1"])
        self.engine = engine


@pytest.fixture
def loaded(engine: str) -> Iterator[Loaded]:
    """Load a small image into the engine, and remove it at the end."""
    made = Loaded(engine)
    with connected(reachable(engine)) as client, closing(client):
        list(client.load_image(archive_bytes(docker_files(made.recipe))))
        yield made
        client.remove_image(sha256(made.recipe.config_json), force=True)


def test_an_image_is_opened_by_tag(loaded: Loaded) -> None:
    with open_source(f"{loaded.engine}://{loaded.repository}:v1") as source:
        found = source.choose()
        assert found.source == loaded.engine
        assert found.reference == f"{loaded.engine}://{loaded.repository}:v1"
        assert [tag.removeprefix("localhost/") for tag in found.tags] == [f"{loaded.repository}:v1"]
        assert str(found.config_digest) == sha256(loaded.recipe.config_json)
        (only,) = found.layers
        assert only.blob is not None
        assert read_span(only.blob, "layer") == loaded.tar


def test_an_image_is_opened_by_id_and_keeps_its_tag(loaded: Loaded) -> None:
    image_id = sha256(loaded.recipe.config_json)
    for reference in (image_id, image_id.removeprefix("sha256:")[:20]):
        with open_source(f"{loaded.engine}://{reference}") as source:
            assert [tag.removeprefix("localhost/") for tag in source.choose().tags] == [f"{loaded.repository}:v1"]


def test_a_name_without_an_engine_finds_the_engine_that_has_it(loaded: Loaded) -> None:
    with open_source(f"{loaded.repository}:v1") as source:
        assert source.choose().source == loaded.engine


def test_an_export_reports_its_progress(loaded: Loaded) -> None:
    seen: list[int] = []
    with open_source(f"{loaded.engine}://{loaded.repository}:v1", progress=lambda done, _total: seen.append(done)):
        assert seen[-1] > len(loaded.tar)


def test_an_interrupted_export_leaves_nothing(loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def interrupt(_done: int, _total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_source(f"{loaded.engine}://{loaded.repository}:v1", progress=interrupt)
    assert list(tmp_path.iterdir()) == []


def test_the_error_for_a_missing_tag_lists_the_existing_tags(loaded: Loaded) -> None:
    with pytest.raises(ImageNotFound, match=f"has no image {loaded.repository} .it has .*{loaded.repository}:v1.$"):
        open_source(f"{loaded.engine}://{loaded.repository}")


def test_a_name_that_no_engine_has(engine: str) -> None:
    with pytest.raises(ImageNotFound, match=rf"^{engine} has no image layerscope-test-absent$"):
        open_source(f"{engine}://layerscope-test-absent")
    with pytest.raises(ImageNotFound, match=r"^no file or folder is named layerscope-test-absent, and .* has no image"):
        open_source("layerscope-test-absent")


def test_local_images_are_listed(loaded: Loaded) -> None:
    (listed,) = [each for each in local_images() if any(loaded.repository in tag for tag in each.tags)]
    assert (listed.engine, listed.image_id.removeprefix("sha256:")) == (
        loaded.engine,
        sha256(loaded.recipe.config_json).removeprefix("sha256:"),
    )
    with open_source(listed.reference) as source:
        assert str(source.choose().config_digest) == sha256(loaded.recipe.config_json)


def test_an_image_is_built_and_opened(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "hello").write_text("hello")
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY hello /\nENV A=1\n")
    monkeypatch.setattr("shutil.which", lambda name: name if name == engine else None)
    tag = f"layerscope-test-{uuid.uuid4().hex[:12]}:v1"
    reference = build(["-t", tag, *(["--isolation", "chroot"] if engine == "podman" else []), str(tmp_path)])
    try:
        with open_source(reference) as source:
            found = source.choose()
            assert [step.layer for step in found.steps] == [1, None]
            assert [each.removeprefix("localhost/") for each in found.tags] == [tag]
            assert found.source == engine
        captured = capfd.readouterr()
        assert captured.out == ""
        assert captured.err != ""
    finally:
        with connected(reachable(engine)) as client:
            client.remove_image(tag, force=True)


def test_a_failed_build_is_an_error_of_one_sentence(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: name if name == engine else None)
    (tmp_path / "Dockerfile").write_text("NONSENSE\n")
    with pytest.raises(SourceError, match=rf"^{engine} build failed with exit status \d+$"):
        build([str(tmp_path)])


def test_the_podman_command_exports_if_no_service_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reachable("podman")
    made = Loaded("podman")
    with connected(reachable("podman")) as client:
        list(client.load_image(archive_bytes(docker_files(made.recipe))))
        try:
            monkeypatch.delenv("CONTAINER_HOST", raising=False)
            monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
            if not podman_command.is_usable() or Path("/run/podman/podman.sock").exists():
                pytest.skip("the podman command is missing, or its service runs at the default socket")
            with open_source(f"podman://{made.repository}:v1") as source:
                assert str(source.choose().config_digest) == sha256(made.recipe.config_json)
            with pytest.raises(LayerscopeError, match="podman cannot export layerscope-test-absent: "):
                open_source("podman://layerscope-test-absent")
        finally:
            client.remove_image(sha256(made.recipe.config_json), force=True)


def test_a_build_without_docker_and_podman_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _name: None)
    with pytest.raises(EngineUnavailable, match="neither docker nor podman is installed"):
        build(["."])
