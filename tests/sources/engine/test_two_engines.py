"""A name that two engines know: which one is opened, and what is said about the other."""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from layerscope.errors import ImageNotFound, UsageError
from layerscope.model.engine import Engine
from layerscope.session.open import open_image
from layerscope.sources.open import open_source
from tests.builders import ImageRecipe, archive_bytes, docker_files, file, image, layer, sha256
from tests.cli.runner import ask
from tests.sources.engine.fake_engine import FakeEngine, answer, fake_engine, ping
from tests.tui.journeys import journey

BOTH = {Engine.DOCKER, Engine.PODMAN}
IMAGES = {engine: image(layer(file("etc/engine", engine.encode()))) for engine in BOTH}


def answers(engine: Engine) -> dict[str, bytes]:
    made: ImageRecipe = IMAGES[engine]
    image_id = sha256(made.config_json)
    details = {"Id": image_id, "RepoTags": ["app:v1"]}
    container = {"Id": f"{engine}-1", "Name": "/web", "Image": image_id, "Config": {"Image": "app:v1"}}
    found = {
        "/images/app:v1/json": json.dumps(details).encode(),
        f"/images/{image_id}/json": json.dumps(details).encode(),
        f"/images/{image_id}/get": archive_bytes(docker_files(made)),
        "/info": b"{}",
        "/containers/web/json": json.dumps(container).encode(),
        f"/containers/{engine}-1/changes": b"null",
        f"/containers/{engine}-1/export": layer(),
    }
    return {path: answer(body) for path, body in found.items()}


@pytest.fixture
def engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[Engine, FakeEngine]]:
    """Return two engines that have an image and a container of the same names."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    monkeypatch.setenv("CONTAINER_HOST", f"unix://{tmp_path}/podman.sock")
    podman = answers(Engine.PODMAN)
    podman |= {"/_ping": ping("1.41", is_podman=True)}
    podman |= {path.replace("/images/", "/libpod/images/"): reply for path, reply in podman.items()}
    with ExitStack() as stack:
        yield {
            Engine.DOCKER: stack.enter_context(fake_engine(tmp_path / "docker.sock", answers(Engine.DOCKER))),
            Engine.PODMAN: stack.enter_context(fake_engine(tmp_path / "podman.sock", podman)),
        }


ALSO_IMAGE = "another engine has an image of that name, too: podman://app:v1"
ALSO_CONTAINER = "another engine has a container of that name, too: container://podman/web"


@pytest.mark.parametrize(
    ("reference", "engine", "opened", "also"),
    [
        ("app:v1", None, Engine.DOCKER, (ALSO_IMAGE,)),
        ("app:v1", Engine.PODMAN, Engine.PODMAN, ()),
        ("podman://app:v1", None, Engine.PODMAN, ()),
        ("containers-storage:app:v1", None, Engine.PODMAN, ()),
        ("docker-daemon:app:v1", None, Engine.DOCKER, ()),
        ("container://web", None, Engine.DOCKER, (ALSO_CONTAINER,)),
        ("container://web", Engine.PODMAN, Engine.PODMAN, ()),
        ("container://podman/web", None, Engine.PODMAN, ()),
    ],
)
@pytest.mark.usefixtures("engines")
def test_docker_is_preferred_unless_an_engine_is_named(
    reference: str, engine: Engine | None, opened: Engine, also: tuple[str, ...]
) -> None:
    with open_image(reference, engine=engine) as session:
        assert session.image.source == opened
        assert session.image.warnings == also


@pytest.mark.usefixtures("engines")
def test_the_other_engine_is_named_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(capsys, "layers", "app:v1").err == f"warning: {ALSO_IMAGE}\n"
    assert ask(capsys, "layers", "--engine", "podman", "app:v1").err == ""


@pytest.mark.usefixtures("engines")
async def test_the_title_names_both_engines() -> None:
    async with journey(Path("app:v1")) as it:
        assert "docker (podman has one, too)" in it.title()


@pytest.mark.parametrize("reference", ["docker://app:v1", "container://docker/web"])
def test_an_engine_that_contradicts_the_prefix_is_wrong_usage(reference: str) -> None:
    with pytest.raises(UsageError, match=f"^--engine podman and {reference} name two engines$"):
        open_source(reference, engine=Engine.PODMAN)


@pytest.mark.parametrize("name", ["", "docker/", "..", "../images", "web/", "web?size=1"])
def test_a_name_that_no_container_has_is_wrong_usage(capsys: pytest.CaptureFixture[str], name: str) -> None:
    told = ask(capsys, "layers", f"container://{name}").complaint
    assert told == f"container://{name} is not the name of a container"


def test_a_prefix_without_an_image_is_not_taken_for_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(capsys, "layers", "docker://").complaint == "docker:// is not the name of an image"
    told = ask(capsys, "layers", "registry://").complaint
    assert told == "an empty name is not a name of an image: write HOST/NAME:TAG"


def test_a_file_is_not_opened_where_an_engine_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.tar").write_bytes(b"")
    outcome = ask(capsys, "layers", str(tmp_path / "x.tar"), "--engine", "docker")
    assert outcome.complaint.endswith("x.tar is not the name of an image")


def test_an_engine_that_does_not_answer_is_named_with_the_reason(
    engines: dict[Engine, FakeEngine], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTAINER_HOST", "unix:///no/podman.sock")
    docker = engines[Engine.DOCKER]
    docker.answers = {**docker.answers, "/containers/json": answer(b"", 500)}
    assert ask(capsys, "layers", "app:v1").err == "warning: podman at unix:///no/podman.sock: no such socket\n"
    assert ask(capsys, "containers").status == 2
    assert docker.requests


@pytest.mark.parametrize("failing", sorted(BOTH))
def test_an_engine_that_fails_at_the_look_up_does_not_take_the_image_of_the_other_with_it(
    failing: Engine, engines: dict[Engine, FakeEngine], capsys: pytest.CaptureFixture[str]
) -> None:
    (other,) = BOTH - {failing}
    engines[failing].answers = {
        path: answer(b'{"message": "the store is locked"}', 500) if path.endswith("app:v1/json") else reply
        for path, reply in engines[failing].answers.items()
    }
    outcome = ask(capsys, "layers", "app:v1", "--json")
    assert json.loads(outcome.out)["image"]["source"] == other
    assert outcome.err == f"warning: {failing} at {engines[failing].host}: the store is locked\n"


def test_a_container_that_has_written_nothing_has_a_size(
    engines: dict[Engine, FakeEngine], capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = [{"SizeRootFs": 9}, {"SizeRootFs": 9, "SizeRw": 4}, {"SizeRootFs": -1, "SizeRw": -1}, {}]
    docker = engines[Engine.DOCKER]
    docker.answers = {
        **docker.answers,
        "/containers/json": answer(json.dumps([{"Id": "1", **size} for size in sizes]).encode()),
    }
    listed = json.loads(ask(capsys, "containers", "--engine", "docker", "--json").out)["containers"]
    assert [container["writable_size"] for container in listed] == [0, 4, None, None]


def test_a_tag_that_both_engines_have_is_suggested_once(
    engines: dict[Engine, FakeEngine], capsys: pytest.CaptureFixture[str]
) -> None:
    tags = {Engine.DOCKER: "app:v1", Engine.PODMAN: "docker.io/library/app:v1"}
    missing = {f"{api}/images/app:v9/json": answer(b"", 404) for api in ("", "/libpod")}
    for name, engine in engines.items():
        listed = answer(json.dumps([{"Id": "1", "RepoTags": [tags[name]]}]).encode())
        engine.answers = {**engine.answers, **missing, "/images/json": listed}
    told = ask(capsys, "layers", "app:v9").complaint
    assert "and neither docker nor podman has an image app:v9 (known tags: app:v1); layerscope registry" in told


def test_podman_is_started_only_for_what_no_engine_has_that_runs(
    engines: dict[Engine, FakeEngine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CONTAINER_HOST")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    (tmp_path / "containers" / "storage").mkdir(parents=True)
    command = tmp_path / "podman"
    command.write_text('#!/bin/sh\necho "Error: started" >&2\nexit 125\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with open_source("app:v1") as source:
        assert source.choose().source == Engine.DOCKER
        assert source.choose().engine_notes == ()
    docker = engines[Engine.DOCKER]
    docker.answers = {**docker.answers, "/images/app:v1/json": answer(b"", 404), "/images/json": answer(b"[]")}
    with TemporaryDirectory(dir="/tmp") as folder:
        monkeypatch.setattr("tempfile.tempdir", folder)
        with pytest.raises(ImageNotFound, match=r"docker has no image app:v1 \(podman system service: started\);"):
            open_source("app:v1")
