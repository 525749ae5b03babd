"""Builds that are remembered for the images that they made."""

import json
import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from layerscope.cache.cache import Cache
from layerscope.model.build_report import BuildReport, CacheMiss, MissCause, ReportedStep
from layerscope.session.dockerfile.remembered_build import (
    RememberedBuild,
    RememberedDockerfile,
    remember_build,
    remembered_build,
)
from layerscope.session.open import open_image
from tests.builders import docker_archive, file, image, layer
from tests.cli.runner import MY_APP, ask, document
from tests.samples import SAMPLES

STEPS = tuple(ReportedStep("x", number, None, number == 1, number < 6) for number in range(1, 7))
MISS = CacheMiss(STEPS[-1], MissCause.FILES, "index.html changed", ("index.html",))
REPORT = BuildReport("docker", 0, "docker://sha256:1", "app:1", "Dockerfile", STEPS, MISS, 10, 9, 5)
TEXT = (SAMPLES / "dockerfiles/my-app/v1/Dockerfile").read_text()
LAYERS = {2: (1,), 10: (2,), 11: (3,), 14: (4,), 17: (5,), 28: (6,)}
BUILD = RememberedBuild(REPORT, {"V": "digest"}, RememberedDockerfile("/src/Containerfile", TEXT, None, LAYERS, 11, 11))


@pytest.fixture
def built() -> None:
    with open_image(str(MY_APP)) as session:
        remember_build(Cache(), session.image, BUILD)


@pytest.mark.usefixtures("built")
def test_a_build_is_remembered_for_its_image_alone() -> None:
    with open_image(str(MY_APP)) as own, open_image(str(SAMPLES / "my-app-v2.tar")) as other:
        assert remembered_build(Cache(), own.image) == BUILD
        assert remembered_build(Cache(), other.image) is None


def test_another_image_that_names_the_same_config_has_no_build(tmp_path: Path) -> None:
    with (
        open_image(str(docker_archive(tmp_path / "a.tar", image(layer(file("a")))))) as honest,
        open_image(str(docker_archive(tmp_path / "b.tar", image(layer(file("b")))))) as other,
    ):
        remember_build(Cache(), honest.image, BUILD)
        lying = replace(other.image, config_digest=honest.image.config_digest)
        assert remembered_build(Cache(), lying) is None


@pytest.mark.usefixtures("built")
def test_the_dockerfile_and_the_cache_of_a_remembered_build_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    shown = json.loads(ask(capsys, "dockerfile", MY_APP, "--json").out)
    assert (shown["source"], shown["matched"], shown["steps"]) == ("aligned", 11, 11)
    lines = {row["line"]: (row["cache"], row["cause"]) for row in shown["lines"] if row["layers"]}
    assert lines == {
        2: (None, None),
        **dict.fromkeys((10, 11, 14, 17), ("hit", None)),
        28: ("miss", "index.html changed"),
    }
    out = ask(capsys, "dockerfile", MY_APP).out
    assert "cache miss: x: index.html changed" in out
    assert [line.split()[-5] for line in out.splitlines() if line.endswith("COPY . /var/www/html/")] == ["miss"]


@pytest.mark.usefixtures("built")
def test_a_file_that_is_named_comes_before_the_remembered_one(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    own = tmp_path / "Dockerfile"
    own.write_text("FROM other\nRUN nothing\n")
    shown = json.loads(ask(capsys, "dockerfile", MY_APP, "-f", own, "--json").out)
    assert [row["text"] for row in shown["lines"]] == ["FROM other", "RUN nothing"]


@pytest.mark.usefixtures("built")
def test_why_names_the_lines_of_the_remembered_dockerfile(capsys: pytest.CaptureFixture[str]) -> None:
    advice = json.loads(ask(capsys, "why", MY_APP, "--json").out)["advice"]
    assert {each["line"] for each in advice} <= set(LAYERS)
    assert any(each["line"] for each in advice)
    patch = ask(capsys, "why", MY_APP, "--patch").out
    assert re.match(r"--- a/(\.\./)+src/Containerfile\n", patch), "git apply finds it from the current folder"


@pytest.mark.usefixtures("built")
def test_nothing_is_remembered_without_the_cache(capsys: pytest.CaptureFixture[str]) -> None:
    assert document(capsys, "dockerfile", MY_APP, "--no-cache")["source"] == "reconstructed"
