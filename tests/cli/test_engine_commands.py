"""``build`` and ``images``, with engines that are made up."""

import json
from pathlib import Path

import pytest

from layerscope.model.build_report import BuildReport
from layerscope.model.engine import Engine
from layerscope.model.local_image import LocalImage
from layerscope.session.local.listing import Listing
from tests.builders import docker_archive, file, image, layer
from tests.cli.runner import ask

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Let each build make the same image, and return the arguments of each."""
    built = docker_archive(tmp_path / "built.tar", image(layer(file("a")), tags=["built:1"]))
    made: list[list[str]] = []

    def build(arguments: list[str]) -> BuildReport:
        made.append(arguments)
        return BuildReport("docker", 0, str(built))

    monkeypatch.setattr("layerscope.cli.commands.build.run_build", build)
    return made


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["-t", "my-app", "."],
        ["--file=x", "--no-cache", "--", "-odd"],
        ["--image", "x", "--json", "--platform", "linux/arm64", "--version"],
        [".", "-t", "--help"],
    ],
)
def test_the_engine_gets_the_arguments_unchanged(capsys: Capture, calls: list[list[str]], arguments: list[str]) -> None:
    outcome = ask(capsys, "build", *arguments)
    assert (outcome.status, outcome.err) == (0, "")
    assert calls == [arguments]
    assert outcome.out.startswith("built:1")


def test_a_build_that_fails_ends_with_the_builders_exit_status(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("layerscope.cli.commands.build.run_build", lambda _: BuildReport("docker", 17))
    outcome = ask(capsys, "build", ".")
    assert (outcome.status, outcome.err) == (17, "layerscope: docker build failed with exit status 17\n")


def test_after_the_engines_own_help_no_image_is_opened(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layerscope.cli.commands.build.run_build", lambda _: BuildReport("docker", 0))
    outcome = ask(capsys, "build", "--help")
    assert (outcome.status, outcome.out, outcome.err) == (0, "", "")


def test_a_build_that_stores_no_image_says_so(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layerscope.cli.commands.build.run_build", lambda _: BuildReport("docker", 0))
    outcome = ask(capsys, "build", "-o", "out", ".")
    assert (outcome.status, outcome.err) == (0, "docker build stored no image, so there is none to open\n")


def test_building_without_an_engine_is_an_error(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert ask(capsys, "build", ".").complaint.startswith("cannot build: neither docker nor podman is installed")


def test_images_are_listed_as_a_table_and_as_a_document(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [LocalImage(Engine.DOCKER, ("my-app:v1",), "sha256:abc", 402_000_000, 1795468740)]
    monkeypatch.setattr("layerscope.cli.commands.images.local_images", lambda _engine: Listing(found))
    assert ask(capsys, "images").out.splitlines()[1] == (
        "402 MB       ?       ?       ?  2026-11-23 21:19  docker  abc  my-app:v1"
    )
    (listed,) = json.loads(ask(capsys, "images", "--json").out)["images"]
    assert listed["reference"] == "docker://my-app:v1"


@pytest.fixture
def three_images(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        LocalImage(Engine.DOCKER, ("registry.example/web:2",), "sha256:b", 30, 300, 10),
        LocalImage(Engine.DOCKER, (), "sha256:c0ffee", 50, 200, 45),
        LocalImage(Engine.PODMAN, ("app:1", "app:latest"), "sha256:a", 20, 100, 0),
    ]
    refusals = ("podman at unix:///no/podman.sock: no such file or directory",)
    monkeypatch.setattr("layerscope.cli.commands.images.local_images", lambda _engine: Listing(found, refusals))


@pytest.mark.usefixtures("three_images")
@pytest.mark.parametrize(
    ("order", "ids"),
    [
        ("created", ["sha256:b", "sha256:c0ffee", "sha256:a"]),
        ("size", ["sha256:c0ffee", "sha256:b", "sha256:a"]),
        ("unique", ["sha256:b", "sha256:a", "sha256:c0ffee"]),
        ("name", ["sha256:a", "sha256:b", "sha256:c0ffee"]),
    ],
)
def test_images_are_sorted_by_time_size_or_name(capsys: Capture, order: str, ids: list[str]) -> None:
    outcome = ask(capsys, "images", "--sort", order, "--json")
    assert [listed["id"] for listed in json.loads(outcome.out)["images"]] == ids


@pytest.mark.usefixtures("three_images")
@pytest.mark.parametrize(
    ("pattern", "found"),
    [("latest", "sha256:a"), ("web:*", "sha256:b"), ("registry.example/*", "sha256:b"), ("re:c0.f", "sha256:c0ffee")],
)
def test_images_are_filtered_by_tag_or_id(capsys: Capture, pattern: str, found: str) -> None:
    outcome = ask(capsys, "images", pattern, "--json")
    assert [listed["id"] for listed in json.loads(outcome.out)["images"]] == [found]


@pytest.mark.usefixtures("three_images")
def test_an_engine_that_does_not_answer_is_named_beside_the_images_of_another(capsys: Capture) -> None:
    outcome = ask(capsys, "images")
    assert (outcome.status, len(outcome.out.splitlines())) == (0, 4)
    assert outcome.err == "warning: podman at unix:///no/podman.sock: no such file or directory\n"
