from datetime import UTC, datetime
from pathlib import Path

import pytest

pytest.importorskip("pyarrow", reason="the extra survey is not installed")

from layerscope.model.image import Compression
from tests.builders import docker_archive, image, layer
from tests.builders import file as tar_file
from tests.registry_server import registry
from tests.survey.data_set import rows, run
from tests.table_layers import table_layer, table_layout


def references(folder: Path) -> list[str]:
    return sorted(str(row["reference"]).rpartition("/")[2] for row in rows(folder, "images"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "survey"


def test_the_catalog_of_a_registry_is_surveyed(releases: Path, folder: Path) -> None:
    with registry(releases) as server:
        server.repositories = ["team/app", "tool"]
        ended = run(f"registry://{server.host}/", "-o", folder)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert references(folder) == ["app:1", "app:2", "app:3", "tool:1", "tool:2", "tool:3"]
    assert len(rows(folder, "layers")) == 4


def test_a_survey_of_a_registry_fetches_each_layer_once_ever(releases: Path, folder: Path) -> None:
    with registry(releases) as server:
        for _ in range(2):
            assert run(f"registry://{server.host}/", "-o", folder, "--no-cache").returncode == 0
        blobs = [path for path in server.paths if "/blobs/" in path]
        layers = {str(row["digest"]) for row in rows(folder, "image_layers")}
    assert sorted(path.rpartition("/")[2] for path in blobs if path.rpartition("/")[2] in layers) == sorted(layers)


def test_names_in_a_file_are_surveyed_in_place_of_the_catalog(releases: Path, folder: Path, tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_text("# ours\ntool\nteam/app:2\n\n")
    with registry(releases) as server:
        assert run(f"registry://{server.host}/", "--names", names, "-o", folder).returncode == 0
        assert "/v2/_catalog" not in "".join(server.paths)
    assert references(folder) == ["app:2", "tool:1", "tool:2", "tool:3"]


def test_the_file_of_names_must_be_readable(folder: Path, tmp_path: Path) -> None:
    ended = run("registry://registry.example/", "--names", tmp_path / "none.txt", "-o", folder)
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert "none.txt: No such file or directory" in ended.stderr


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--match", "team/*"], ["app:1", "app:2", "app:3"]),
        (["--match", "*:[12]"], ["app:1", "app:2", "tool:1", "tool:2"]),
        (["--match", "tool:3"], ["tool:3"]),
        (["--newer", "2026-01-15"], ["app:2", "app:3", "tool:2", "tool:3"]),
        (["--newer", "2026-01-15", "--match", "tool"], ["tool:2", "tool:3"]),
    ],
)
def test_filters_choose_among_the_images(releases: Path, folder: Path, options: list[str], found: list[str]) -> None:
    with registry(releases) as server:
        server.repositories = ["team/app", "tool"]
        assert run(f"registry://{server.host}/", "-o", folder, *options, "--depth", "manifests").returncode == 0
    assert references(folder) == found


@pytest.mark.parametrize("age", ["soon", "xd", "9999999999d", "2026-13-01"])
def test_an_age_that_cannot_be_read_is_refused(age: str, folder: Path) -> None:
    ended = run("x.tar", "-o", folder, "--newer", age)
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert "--newer takes a date or a number of days" in ended.stderr


def test_all_images_of_an_archive_are_surveyed(folder: Path, tmp_path: Path) -> None:
    one, two = (image(layer(tar_file(name)), tags=[f"{name}:1"]) for name in ("one", "two"))
    archive = docker_archive(tmp_path / "both.tar", one, two)
    assert run(archive, "-o", folder).returncode == 0
    assert sorted(str(row["tags"]) for row in rows(folder, "images")) == ["['one:1']", "['two:1']"]


def test_a_reference_may_be_relative_and_workers_find_it(
    releases: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(releases.parent)
    assert run(releases.name, "-o", folder).returncode == 0
    assert {row["reference"] for row in rows(folder, "images")} == {releases.name}


def test_the_depth_of_manifests_reads_no_layer(releases: Path, folder: Path) -> None:
    with registry(releases) as server:
        assert run(f"registry://{server.host}/", "-o", folder, "--depth", "manifests").returncode == 0
        layers = {str(row["digest"]) for row in rows(folder, "image_layers")}
        assert not layers & {path.rpartition("/")[2] for path in server.paths}
    tables = "images", "image_layers", "steps", "layers", "files"
    assert [len(rows(folder, table)) for table in tables] == [3, 7, 7, 0, 0]
    (first, *_) = sorted(rows(folder, "images"), key=lambda row: str(row["tags"]))
    assert (first["content_size"], first["created"]) == (None, datetime(2026, 1, 1, tzinfo=UTC))


def test_a_deeper_survey_adds_the_layers_to_what_manifests_said(releases: Path, folder: Path) -> None:
    for depth in ("manifests", "layers", "manifests"):
        assert run(releases, "-o", folder, "--depth", depth).returncode == 0
    assert sorted(str(row["content_size"]) for row in rows(folder, "images")) == ["1500", "1600", "1600"]
    assert len(rows(folder, "image_layers")) == 7


def test_only_the_layers_of_some_instructions_are_read(releases: Path, folder: Path) -> None:
    assert run(releases, "-o", folder, "--instruction", "copy, run").returncode == 0
    assert sorted(str(row["path"]) for row in rows(folder, "files")) == ["/app", "/app", "/app"]
    assert {row["content_size"] for row in rows(folder, "images")} == {None}
    assert run(releases, "-o", folder).returncode == 0
    assert sorted(str(row["path"]) for row in rows(folder, "files")) == ["/app", "/app", "/app", "/etc/base"]
    assert [row["path"] for row in rows(folder, "dead")] == ["/app"]


def test_the_depth_of_tables_reads_tables_of_contents_which_a_survey_of_layers_replaces(
    folder: Path, tmp_path: Path
) -> None:
    made = table_layer(Compression.ZSTD, tar_file("etc/config", b"c" * 300_000))
    with registry(table_layout(tmp_path / "layout", made)) as server:
        assert run(f"registry://{server.host}/", "-o", folder, "--depth", "tables").returncode == 0
        assert server.sent < len(made.blob) // 4
        listed = rows(folder, "files")
        assert [(row["path"], row["size"]) for row in listed] == [("/etc/config", 300_000)]
        assert run(f"registry://{server.host}/", "-o", folder).returncode == 0
    assert [(row["path"], row["size"]) for row in rows(folder, "files")] == [("/etc/config", 300_000)]
    assert [row["content_size"] for row in rows(folder, "images")] == [300_000]


def test_an_unknown_depth_is_refused(folder: Path) -> None:
    ended = run("x.tar", "-o", folder, "--depth", "all")
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert "--depth takes manifests, tables, layers, not all" in ended.stderr
