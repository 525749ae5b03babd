import fcntl
import hashlib
import json
import shutil
import tarfile
from pathlib import Path

import pytest

pytest.importorskip("pyarrow", reason="the extra survey is not installed")
from layerscope.model.entries import FileEntry, Kind, OpaqueWhiteout
from layerscope.session.open import open_image
from layerscope.session.size.report import size_report
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
