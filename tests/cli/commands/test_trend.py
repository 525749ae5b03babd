"""``layerscope trend``: the releases of an image, and the step that made each jump, from every kind of source."""

import csv
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from layerscope.model.image import Compression
from tests.builders import compressed, docker_archive, file, image, layer, oci_layout, sha256
from tests.cli.pty_run import OnTerminal
from tests.cli.runner import Document, ask, document
from tests.registry_server import registry
from tests.releases import (
    CAUSES,
    FILE_SIZE,
    FIRST_VERSION,
    GREW,
    LOST,
    NEXT_VERSION,
    ONLY_TIMES,
    PACKAGE_SIZE,
    RELEASES,
    releases,
)

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return oci_layout(tmp_path_factory.mktemp("releases") / "layout", *releases())


def rows(capsys: Capture, *arguments: str | Path) -> Any:
    return document(capsys, "trend", *arguments)["releases"]


def jumps(found: list[Document]) -> dict[int, tuple[int, int, str]]:
    """Return what is said about each release that has a cause, by its number."""
    return {
        number: (each["growth"], each["cause"]["layer"], each["cause"]["instruction"])
        for number, each in enumerate(found, 1)
        if each["cause"] is not None
    }


def test_each_jump_of_releases_in_a_registry_is_named_with_its_step(layout: Path, capsys: Capture) -> None:
    with registry(layout) as server:
        name = f"registry://{server.host}/app"
        found = document(capsys, "trend", name)
        first, deep = found["releases"], rows(capsys, name, "--deep")
        known = rows(capsys, name)
    assert found["name"] == f"{server.host}/app"
    assert [each["tag"] for each in first] == [f"1.{number}" for number in range(1, RELEASES + 1)]
    assert {each["content_size"] for each in first} == {None}
    # other times compress to another size
    steps = {number: cause[1:] for number, cause in jumps(first).items()}
    assert steps == {number: cause[1:] for number, cause in CAUSES.items()} | {ONLY_TIMES: (3, "COPY assets /srv")}
    assert jumps(deep) == CAUSES
    assert (deep[0]["growth"], deep[ONLY_TIMES - 1]["growth"]) == (None, 0)
    assert deep[ONLY_TIMES - 1]["pull_size"] > 0
    assert known == deep


def test_layers_that_releases_share_are_read_once(layout: Path, capsys: Capture) -> None:
    layers = {sha256(compressed(tar, Compression.GZIP)) for recipe in releases() for tar in recipe.layers}
    with registry(layout) as server:
        for options in ((), ("--no-cache",)):
            server.requests.clear()
            rows(capsys, f"registry://{server.host}/app", "--deep", *options)
            blobs = [path for path in server.paths if path.rpartition("/")[2] in layers]
            assert len(blobs) == len(set(blobs)) == len(layers)


def test_releases_in_archives_and_in_a_layout_are_read(tmp_path: Path, layout: Path, capsys: Capture) -> None:
    archives = [docker_archive(tmp_path / f"{number}.tar", recipe) for number, recipe in enumerate(releases("app"), 1)]
    found = document(capsys, "trend", *reversed(archives))
    assert found["name"] == "app"
    assert [each["tag"] for each in found["releases"]] == [f"1.{number}" for number in range(1, RELEASES + 1)]
    assert jumps(found["releases"]) == jumps(rows(capsys, layout)) == CAUSES


def test_a_path_and_a_package_come_and_go(layout: Path, capsys: Capture) -> None:
    with registry(layout) as server:
        name = f"registry://{server.host}/app"
        found = rows(capsys, name, "--path", "/srv/video", "--package", "openssl")
    assert found == rows(capsys, layout, "--path", "srv/video", "--package", "openssl")
    paths = [each["path"] for each in found]
    assert paths == [{"size": FILE_SIZE, "layer": 3}] * (LOST - 1) + [None] * (RELEASES - LOST + 1)
    versions = [each["package"]["version"] for each in found]
    assert versions == [FIRST_VERSION] * (GREW - 1) + [NEXT_VERSION] * (RELEASES - GREW + 1)
    assert rows(capsys, layout, "--last", "1", "--package", "curl")[0]["package"] is None
    assert {"path", "package"}.isdisjoint(rows(capsys, layout, "--last", "1")[0])


def test_releases_are_chosen_by_glob_number_and_time(layout: Path, capsys: Capture) -> None:
    with registry(layout) as server:
        name = f"registry://{server.host}/app"
        assert [each["tag"] for each in rows(capsys, name, "--match", "1.1?", "--last", "2")] == ["1.18", "1.19"]
        # two of an index, a manifest and a config each, and nothing of the others
        assert len([path for path in server.paths if "/manifests/" in path]) <= 4
    by_time = rows(capsys, layout, "--sort", "time", "--last", "2")
    assert [each["tag"] for each in by_time] == ["1.29", "1.30"]
    limited = document(capsys, "trend", layout, "--limit", "3")
    assert ([each["tag"] for each in limited["releases"]], limited["left_out"]) == (["1.1", "1.2", "1.3"], 27)


def test_a_newer_release_with_an_older_version_is_last_by_time(tmp_path: Path, capsys: Capture) -> None:
    old = image(layer(file("a")), tags=["app:2.0"], created="2026-01-02T00:00:00Z")
    new = image(layer(file("a")), tags=["app:1.9"], created="2026-01-01T23:30:00.123456789-01:00")
    archives = [docker_archive(tmp_path / f"{recipe.tags[0][-3:]}.tar", recipe) for recipe in (old, new)]
    assert [each["tag"] for each in rows(capsys, *archives)] == ["1.9", "2.0"]
    assert [each["tag"] for each in rows(capsys, *archives, "--sort", "time")] == ["2.0", "1.9"]


def test_a_release_that_cannot_be_read_is_a_row_with_its_reason(tmp_path: Path, capsys: Capture) -> None:
    first, second, third = (tmp_path / f"{number}.tar" for number in range(3))
    for path, recipe in zip((first, third), releases("app"), strict=False):
        docker_archive(path, recipe)
    second.write_bytes(b"no image")
    outcome = ask(capsys, "trend", first, second, third, "--json")
    found = {each["tag"]: each for each in json.loads(outcome.out)["releases"]}
    assert (outcome.status, list(found)) == (2, ["1.tar", "1.1", "1.2"])
    assert "1.tar" in found["1.tar"]["error"]
    assert found["1.2"]["growth"] == 0
    assert "1.tar" in ask(capsys, "trend", second).complaint


def test_the_table_names_its_sizes_and_the_step_of_a_jump(layout: Path, capsys: Capture) -> None:
    lines = ask(capsys, "trend", layout, "--last", "25", "--path", "/srv/video").out.splitlines()
    assert lines[0].split() == [
        "content",
        "blobs",
        "growth",
        "pull",
        "layers",
        "/srv/video",
        "created",
        "release",
        "step",
    ]
    assert lines[2].split()[4:6] == ["+40", "kB"]
    assert lines[2].endswith("1.7      layer 2: RUN apt-get install openssl")


def test_the_bars_of_the_plot_on_a_terminal_stand_on_each_other(layout: Path) -> None:
    # without the progress, which has the terminal's standard error
    with Path(os.devnull).open("wb") as nowhere, OnTerminal("trend", layout, "--last", "12", stderr=nowhere) as run:
        run.wait_for("12 releases")
        assert run.status() == 0
    *bars, title = (line.rstrip() for line in run.written.decode().splitlines()[:7])
    assert title.split() == ["content", "12", "releases"]
    # the last release is the largest one
    assert len({len(line) for line in bars}) == 1
    assert [bool(line[:11].strip()) for line in bars] == [True, False, False, False, False, False]


def test_a_table_for_spreadsheets_has_the_figures_in_bytes(layout: Path, tmp_path: Path, capsys: Capture) -> None:
    written = ask(capsys, "trend", layout, "--csv", "-").out
    found = list(csv.DictReader(io.StringIO(written)))
    assert len(found) == RELEASES
    grew = found[GREW - 1]
    assert (grew["release"], grew["growth"], grew["cause_layer"]) == ("1.7", str(PACKAGE_SIZE), "2")
    target = tmp_path / "trend.csv"
    assert ask(capsys, "trend", layout, "--csv", target).err == f"wrote {target}\n"
    assert target.read_bytes().decode() == written
    assert "already exists" in ask(capsys, "trend", layout, "--csv", target).complaint


def test_the_page_has_a_bar_for_each_release(layout: Path, tmp_path: Path, capsys: Capture) -> None:
    target = tmp_path / "trend.html"
    assert ask(capsys, "trend", layout, "--html", target).status == 0
    page = target.read_text()
    assert page.count("<rect ") == RELEASES
    assert "layer 2: RUN apt-get install openssl" in page
    assert "{{" not in page


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            ["registry://x.example/app:v1"],
            "registry://x.example/app:v1 is one image: its repository is registry://x.example/app",
        ),
        (["app:v1", "--engine", "docker"], "app:v1 is one image: name it without a tag"),
    ],
)
def test_what_is_no_list_of_releases_is_refused(arguments: list[str], complaint: str, capsys: Capture) -> None:
    assert ask(capsys, "trend", *arguments).complaint == complaint
