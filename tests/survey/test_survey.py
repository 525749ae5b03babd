import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

pytest.importorskip("pyarrow", reason="the extra survey is not installed")
import layerscope
from layerscope.model.entries import FileEntry, Kind, OpaqueWhiteout
from layerscope.session.open import open_image
from layerscope.session.size.report import size_report
from layerscope.survey.parts import Row
from layerscope.survey.schema import Table
from tests.analysis.entries import Item
from tests.oracle import items_of_tar
from tests.survey.data_set import everything, rows, run

SAMPLES = Path(__file__).parents[2] / "sample_images"
SAMPLE = SAMPLES / "my-app.tar"


def test_the_tables_have_the_figures_of_layers_and_why_and_a_second_survey_adds_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "survey"
    for _ in range(2):
        assert run(str(SAMPLE), "-o", str(folder), "--jobs", "1").returncode == 0
        with open_image(str(SAMPLE)) as session:
            report, diff_ids = size_report(session.load()), [str(layer.diff_id) for layer in session.image.layers]
        (image,) = rows(folder, "images")
        assert (image["content_size"], image["error"]) == (report.total_size, None)
        assert [row["diff_id"] for row in rows(folder, "image_layers")] == diff_ids
        assert sum(int(str(row["size"])) for row in rows(folder, "dead")) == report.dead_size
        assert sorted(str(row["diff_id"]) for row in rows(folder, "layers")) == sorted(set(diff_ids))


def text(path: bytes) -> str:
    return path.decode("utf-8", "backslashreplace")


def as_stored(path: str) -> str:
    return text(os.fsencode(path))


def expected(item: Item) -> tuple[object, ...]:
    if not isinstance(item, FileEntry):
        path = f"{text(item.directory)}/.wh..wh..opq" if isinstance(item, OpaqueWhiteout) else text(item.path)
        return f"/{path.lstrip('/')}", "whiteout", 0, None, None, None, None, None
    link = None if item.link is None else "/" * (item.kind is Kind.HARDLINK) + text(item.link)
    return f"/{text(item.path)}", item.kind.word, item.size, item.mode, item.uid, item.gid, item.mtime, link


@pytest.mark.parametrize("name", ["my-app.tar", "odd-names.tar"])
def test_the_files_of_each_layer_are_those_that_tarfile_lists(name: str, tmp_path: Path) -> None:
    assert run(str(SAMPLES / name), "-o", str(tmp_path)).returncode == 0
    found: dict[object, list[tuple[object, ...]]] = {}
    for row in rows(tmp_path, "files"):
        diff_id, *values = row.values()
        found.setdefault(diff_id, []).append(tuple(values))
    with tarfile.open(SAMPLES / name) as archive:

        def read(member: str) -> bytes:
            file = archive.extractfile(member)
            assert file is not None
            return file.read()

        blobs = [read(layer) for layer in json.loads(read("manifest.json"))[0]["Layers"]]
    for blob in blobs:
        diff_id = f"sha256:{hashlib.sha256(blob).hexdigest()}"
        assert sorted(found.pop(diff_id, []), key=repr) == sorted(map(expected, items_of_tar(blob).items), key=repr)
    assert not found


def test_an_image_that_cannot_be_read_is_a_row_with_its_reason_and_status_2(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "bad.tar").write_bytes(b"not a tar")
    ended = run(str(tmp_path / "in"), str(SAMPLE), "-o", str(tmp_path / "out"))
    assert ended.returncode == 2
    reasons = {row["reference"]: row["error"] for row in rows(tmp_path / "out", "images")}
    assert reasons.pop(str(SAMPLE)) is None
    assert "bad.tar is a text file, not an image" in str(reasons.popitem()[1])


def test_an_image_that_can_be_read_again_loses_the_row_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    bad = tmp_path / "in" / "bad.tar"
    bad.write_bytes(b"not a tar")
    for _ in range(2):
        assert run(str(bad.parent), "-o", str(tmp_path / "out")).returncode == 2
        assert len(rows(tmp_path / "out", "images")) == 1
    shutil.copy(SAMPLE, bad)
    assert run(str(bad.parent), "-o", str(tmp_path / "out")).returncode == 0
    assert [row["error"] for row in rows(tmp_path / "out", "images")] == [None]


def test_an_interrupted_survey_goes_on_and_counts_nothing_twice(tmp_path: Path) -> None:
    for name in ("a.tar", "b.tar"):
        shutil.copy(SAMPLE, tmp_path / name)
    folder = tmp_path / "survey"
    arguments = (str(tmp_path / "a.tar"), str(tmp_path / "b.tar"), "-o", str(folder))
    assert run(*arguments).returncode == 0
    whole = everything(folder)
    for lost in Table:
        for part in (folder / lost).glob("*.parquet"):
            part.unlink()
        assert run(*arguments).returncode == 0
        assert everything(folder) == whole


def test_two_surveys_never_write_to_one_folder_at_a_time(tmp_path: Path) -> None:
    with (tmp_path / ".lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ended = run(str(SAMPLE), "-o", str(tmp_path))
    assert (ended.returncode, list(tmp_path.glob("*/*"))) == (2, [])
    assert f"another survey is writing to {tmp_path}" in ended.stderr


def test_a_survey_that_cannot_write_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ended = run(str(SAMPLE), "-o", str(tmp_path / "file"))
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert "cannot write to" in ended.stderr


def test_a_survey_is_reported_on(tmp_path: Path) -> None:
    assert run(str(SAMPLE), "-o", str(tmp_path)).returncode == 0
    reported = run("report", str(tmp_path))
    assert (reported.returncode, "1 image" in reported.stdout) == (0, True), reported.stdout + reported.stderr


def overlaid(layers: Sequence[Sequence[Row]]) -> dict[str, tuple[object, ...]]:
    """Return kind and size of each path after the last layer, by the rows of ``files`` alone."""
    tree: dict[str, tuple[object, ...]] = {}
    for layer in layers:
        for row in layer:
            path = str(row["path"])
            if row["kind"] == "whiteout":
                hidden, is_opaque = path.removesuffix("/.wh..wh..opq"), path.endswith("/.wh..wh..opq")
                gone = [
                    each for each in tree if f"{each}/".startswith(f"{hidden}/") and not (is_opaque and each == hidden)
                ]
                tree = {each: value for each, value in tree.items() if each not in gone}
        for row in layer:
            path = str(row["path"])
            if row["kind"] not in ("whiteout", "dir"):
                tree = {each: value for each, value in tree.items() if not each.startswith(f"{path}/")}
            if row["kind"] != "whiteout" and path != "/":
                tree[path] = row["kind"], row["size"]
    return tree


def test_joined_by_their_keys_the_tables_give_what_layers_tree_and_why_give_of_each_sample(tmp_path: Path) -> None:
    assert run(SAMPLES, "-o", tmp_path).returncode == 0
    tables = {table: rows(tmp_path, table) for table in Table}

    def of_image(table: Table, *columns: str) -> list[tuple[object, ...]]:
        found = [row for row in tables[table] if row["image"] == image["image"]]
        return sorted((tuple(row[column] for column in columns) for row in found), key=repr)

    # two references may lead to one image, whose rows are those of the first
    images = {row["image"]: row for row in sorted(tables[Table.IMAGES], key=lambda row: row["reference"], reverse=True)}
    assert len(images) == 6
    for image in images.values():
        with layerscope.open(str(image["reference"]), platform=str(image["platform"])) as opened:
            details, layers, why = opened.details, opened.layers, opened.why
            expected_layers = [(each.layer, each.diff_id, each.blob_size, each.instruction) for each in layers]
            expected_steps = [(number, each.layer, each.instruction) for number, each in enumerate(opened.steps, 1)]
            shown = {as_stored(each.path): (each.kind, each.size) for each in opened.tree()}
        assert (image["content_size"], image["blob_size"]) == (details.content_size, details.blob_size)
        assert sorted(expected_layers) == of_image(Table.IMAGE_LAYERS, "layer", "diff_id", "blob_size", "instruction")
        assert sorted(expected_steps, key=repr) == of_image(Table.STEPS, "step", "layer", "instruction")
        sizes = {row["diff_id"]: (row["content_size"], row["entries"]) for row in tables[Table.LAYERS]}
        assert [sizes[each.diff_id] for each in layers] == [(each.content_size, each.entries) for each in layers]
        dead = [
            (as_stored(each.path), each.size, each.writer, each.hidden_by, each.reason) for each in why.dead.entries
        ]
        assert sorted(dead, key=repr) == of_image(Table.DEAD, "path", "size", "writer", "hidden_by", "reason")
        secrets = [(as_stored(each.path), each.kind, each.layer, each.removed_in) for each in why.secrets]
        assert sorted(secrets, key=repr) == of_image(Table.SECRETS, "path", "kind", "layer", "removed_in")
        by_layer = [[row for row in tables[Table.FILES] if row["diff_id"] == each.diff_id] for each in layers]
        stacked = overlaid(by_layer)
        assert stacked.items() <= shown.items()
        # a directory that no layer has an entry for is implied
        assert {shown[path] for path in shown.keys() - stacked.keys()} <= {("dir", 0)}


@pytest.mark.thorough
def test_runs_killed_at_ten_moments_and_resumed_give_what_one_run_gives(releases: Path, tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    sources = [str(releases), str(SAMPLES)]
    started = time.monotonic()
    assert run(*sources, "-o", whole, "--jobs", "2").returncode == 0
    taken = time.monotonic() - started
    command = [sys.executable, "-m", "layerscope", "survey", *sources, "-o", str(killed), "--jobs", "2"]
    for moment in range(1, 11):
        with subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True) as survey:
            with suppress(subprocess.TimeoutExpired):
                survey.wait(taken * moment / 11)
            survey.kill()
    assert run(*sources, "-o", killed, "--jobs", "2").returncode == 0
    assert everything(killed) == everything(whole)
