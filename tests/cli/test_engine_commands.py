"""``build`` and ``images``, with engines that are made up."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from layerscope.model.engine import Engine
from layerscope.model.local import LayeredImage, LocalImage, StoredLayer
from layerscope.session.local.build import BuildRun
from layerscope.session.local.build_options import build_options
from layerscope.session.local.listing import EngineListing
from tests.builders import docker_archive, file, image, layer
from tests.cli.runner import ask

Capture = pytest.CaptureFixture[str]


def ended(status: int = 0, reference: str | None = None, arguments: Sequence[str] = ()) -> BuildRun:
    started = datetime(2026, 11, 23, 12, tzinfo=UTC)
    return BuildRun("docker", build_options(arguments), started, status, (reference,) if reference else (), None)


Calls = list[tuple[list[str], str | None]]


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Let each build make the same image, and return the arguments of each."""
    archive = docker_archive(tmp_path / "built.tar", image(layer(file("a", b"1")), tags=["built:1"]))
    made: Calls = []

    def build(arguments: list[str], builder: str | None) -> BuildRun:
        made.append((arguments, builder))
        return ended(0, str(archive), arguments)

    monkeypatch.setattr("layerscope.cli.commands.build.run_build", build)
    return made


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["-t", "my-app", "."],
        ["--file=x", "--no-cache", "--", "-odd", "--build-report"],
        ["--image", "x", "--json", "--platform", "linux/arm64", "--version"],
        [".", "-t", "--help"],
    ],
)
def test_the_engine_gets_the_arguments_unchanged(capsys: Capture, calls: Calls, arguments: list[str]) -> None:
    outcome = ask(capsys, "build", *arguments)
    assert (outcome.status, outcome.out) == (0, "")
    assert calls == [(arguments, None)]


def test_the_report_follows_on_standard_error(capsys: Capture, calls: Calls) -> None:
    assert ask(capsys, "build", ".").err.splitlines() == [
        "layerscope: 0 steps from the cache, 1 run",
        "layerscope: cache miss: COPY layer-1 /: without a tag, there is no image to compare with",
        "layerscope: size: 1 B",
    ]
    assert len(calls) == 1


def test_our_own_options_are_not_passed_on(capsys: Capture, calls: Calls, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    outcome = ask(capsys, "build", "--builder-command=podman", "-t", "x", "--build-report", report, ".")
    assert outcome.status == 0
    assert calls == [(["-t", "x", "."], "podman")]
    document = json.loads(report.read_text())
    assert (document["miss"]["cause"], document["tag"], document["content_size"]) == ("first-build", "x", 1)


def test_an_option_of_ours_with_no_or_an_invalid_value_is_an_error(capsys: Capture, calls: Calls) -> None:
    assert ask(capsys, "build", ".", "--build-report").complaint == "--build-report needs a value"
    refusal = "no/x.json cannot be written: its folder does not exist"
    assert ask(capsys, "build", ".", "--build-report", "no/x.json").complaint == refusal
    assert calls == []


def test_a_build_that_fails_ends_with_the_builders_exit_status(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("layerscope.cli.commands.build.run_build", lambda *_: ended(17)._replace(note="no\x1bte"))
    outcome = ask(capsys, "build", "--build-report", tmp_path / "report.json", ".")
    assert (outcome.status, outcome.err) == (
        17,
        "layerscope: no\\x1bte\nlayerscope: docker build failed with exit status 17\n",
    )
    assert json.loads((tmp_path / "report.json").read_text())["exit_status"] == 17


def test_after_the_engines_own_help_no_image_is_opened(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layerscope.cli.commands.build.run_build", lambda *_: ended(arguments=["--help"]))
    outcome = ask(capsys, "build", "--help")
    assert (outcome.status, outcome.out, outcome.err) == (0, "", "")


def test_a_build_that_stores_no_image_says_so(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layerscope.cli.commands.build.run_build", lambda *_: ended())
    outcome = ask(capsys, "build", "-o", "out", ".")
    assert (outcome.status, outcome.err) == (0, "layerscope: docker build stored no image, so there is none to open\n")


def test_an_image_that_no_engine_has_is_none_to_open(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layerscope.cli.commands.build.run_build", lambda *_: ended(0, f"docker://sha256:{'a' * 64}"))
    assert ask(capsys, "build", ".").status == 0


def test_building_without_an_engine_is_an_error(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert ask(capsys, "build", ".").complaint == "cannot build: none of docker, podman, buildah is installed"


def test_images_are_listed_as_a_table_and_as_a_document(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [LocalImage(Engine.DOCKER, ("my-app:v1",), "sha256:abc", 402_000_000, 1795468740)]
    monkeypatch.setattr("layerscope.cli.commands.images.local_images", lambda _engine: EngineListing(found))
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
    monkeypatch.setattr("layerscope.cli.commands.images.local_images", lambda _engine: EngineListing(found, refusals))


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


@pytest.fixture
def layered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let docker have two releases of a base, and an application on the older one."""
    old, new = (
        StoredLayer(f"sha256:{name}", name, size, "ADD rootfs.tar /") for name, size in (("old", 100), ("new", 102))
    )
    app = StoredLayer("sha256:app", "old/app", 50, "COPY app /")
    found = [
        LayeredImage(
            LocalImage(Engine.DOCKER, (f"{name}:{tag}",), f"id-{tag}", size, tag, shared), layers, frozenset({name})
        )
        for name, tag, size, shared, layers in (
            ("app", 3, 150, 100, (old, app)),
            ("debian", 2, 102, 0, (new,)),
            ("debian", 1, 100, 100, (old,)),
        )
    ]
    monkeypatch.setattr("layerscope.cli.commands.images.layered_images", lambda _engine: EngineListing(found))


@pytest.mark.usefixtures("layered")
def test_layers_are_listed_with_what_removals_free_and_the_state_of_bases(capsys: Capture) -> None:
    assert ask(capsys, "images", "--layers").out.splitlines() == [
        "images  copies   size  engine  diff_id  instruction",
        "     2       1  100 B  docker  old      ADD rootfs.tar /",
        "     1       1  102 B  docker  new      ADD rootfs.tar /",
        "     1       1   50 B  docker  app      COPY app /",
        "",
        "Images, and what removing one would free",
        "freed   size  image",
        " 50 B  150 B  app:3",
        "102 B  102 B  debian:2",
        "  0 B  100 B  debian:1",
        "",
        "On an outdated base",
        "  app:3 is on debian:1 of debian, of which debian:2 is newer here.",
        "",
        "Bases that are nearly the same",
        "  debian:1 (100 B, below 1 image) and debian:2 (102 B) are nearly the same, and stored twice.",
    ]
    document = json.loads(ask(capsys, "images", "app", "--layers", "--json", "--limit", "1").out)
    assert document["layers"] == [
        {
            "diff_id": "sha256:old",
            "size": 100,
            "instruction": "ADD rootfs.tar /",
            "engine": "docker",
            "copies": 1,
            "images": ["id-3", "id-1"],
        }
    ]
    (listed,) = document["images"]
    assert (listed["freed_size"], listed["outdated_base"], listed["newer_base"]) == (50, "id-1", "id-2")
    assert document["left_out"] == 1
