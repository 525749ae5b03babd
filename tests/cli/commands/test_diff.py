"""``layerscope diff`` as a whole: what its words mean, exit statuses, warnings, the terminal."""

import json
from pathlib import Path
from typing import Any

import pytest

from layerscope.model.image import Compression
from tests.builders import (
    ImageRecipe,
    blob_name,
    directory,
    docker_archive,
    docker_files,
    file,
    image,
    layer,
    oci_archive,
    oci_layout,
    sha256,
    sparse,
    write_tar,
)
from tests.cli.pty_run import OnTerminal
from tests.cli.runner import MY_APP, PLATFORMS, ask, start
from tests.two_versions import CHANGES, V1, V2

Capture = pytest.CaptureFixture[str]

FORMS = ["docker", "gzip", "zstd"]


def archive(tmp_path: Path, form: str, recipe: ImageRecipe, name: str) -> Path:
    path = tmp_path / f"{name}-{form}"
    if form == "docker":
        return docker_archive(path, recipe)
    if form == "gzip":
        return oci_archive(path, recipe)
    path.mkdir()
    return oci_layout(path, recipe, compression=Compression.ZSTD)


def document(capsys: Capture, *arguments: str | Path) -> Any:
    outcome = ask(capsys, "diff", *arguments, "--json")
    assert (outcome.status, outcome.err) == (0, "")
    return json.loads(outcome.out)


def paths(capsys: Capture, *arguments: str | Path) -> list[str]:
    return [row["path"] for row in document(capsys, *arguments)["changes"]]


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    return docker_archive(tmp_path / "v1.tar", V1), docker_archive(tmp_path / "v2.tar", V2)


@pytest.mark.parametrize("old", FORMS)
@pytest.mark.parametrize("new", FORMS)
def test_two_images_are_compared_whatever_forms_they_have(capsys: Capture, tmp_path: Path, old: str, new: str) -> None:
    one, other = archive(tmp_path, old, V1, "one"), archive(tmp_path, new, V2, "other")
    assert paths(capsys, one, other) == sorted(CHANGES)
    outcome = ask(capsys, "diff", one, other, "--patch")
    assert outcome.status == 0
    assert "The build cache missed at layer 3: RUN apt-get install nginx changed first" in outcome.out
    assert "\n-<h1>1</h1>\n+<h1>2</h1>\n" in outcome.out


def test_a_summary_is_of_two_images_and_of_all_rows(capsys: Capture, pair: tuple[Path, Path]) -> None:
    outcome = ask(capsys, "diff", *pair, "--format", "markdown", "--exit-code")
    assert (outcome.status, outcome.err) == (1, "")
    assert outcome.out.startswith("### app:v2 compared with app:v1\n")
    assert ask(capsys, "diff", *pair, "--format", "markdown").out == outcome.out
    assert ask(capsys, "diff", *pair, "--format", "html").out.startswith("<!DOCTYPE html>")
    for words in (("1", "2"), (pair[1], "--json"), (pair[1], "--path", "/etc"), (pair[1], "--digests")):
        assert "--format sums up two images" in ask(capsys, "diff", pair[0], *words, "--format", "html").complaint


def test_layers_are_numbers_or_a_range(capsys: Capture) -> None:
    assert document(capsys, MY_APP, "3", "5") == document(capsys, MY_APP, "3..5")
    assert document(capsys, MY_APP, "0", "1")["summary"]["added"] == 106
    assert document(capsys, MY_APP, "2", "1")["summary"]["removed"] == 7


def test_the_marks_of_a_layer_are_the_diff_to_the_previous_one(capsys: Capture) -> None:
    found = document(capsys, MY_APP, "4", "5")
    tree = json.loads(ask(capsys, "tree", MY_APP, "--layer", "5", "--only", "added,removed", "--json").out)
    marks = {row["path"]: row["change"] for row in tree["entries"]}
    assert {row["path"]: row["change"] for row in found["changes"] if row["change"] != "modified"} == marks


@pytest.mark.parametrize("name", ["1..2", "2"])
def test_a_file_or_folder_named_like_layers_wins(
    capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    docker_archive(tmp_path / "one", V1)
    docker_archive(tmp_path / name, V2)
    assert paths(capsys, "one", name) == sorted(CHANGES)
    # two words can only be layers
    assert "layers" not in document(capsys, "one", "1", "2")


def test_only_some_changes_and_only_some_paths(capsys: Capture, pair: tuple[Path, Path]) -> None:
    assert paths(capsys, *pair, "--only", "added, removed", "--path", "/srv/deep", "--path", "gone") == [
        "/srv/deep",
        "/srv/deep/there",
        "/srv/gone",
    ]


def test_a_path_that_matches_nothing_gives_a_warning(capsys: Capture, pair: tuple[Path, Path]) -> None:
    nowhere = ask(capsys, "diff", *pair, "--path", "/nowhere")
    assert nowhere.status == 0
    assert nowhere.err == "warning: no path on either side matches --path\n"
    assert "No selected path differs." in nowhere.out
    assert ask(capsys, "diff", *pair, "--path", "/nowhere", "--path", "/").err == ""
    assert paths(capsys, *pair, "--path", "./srv/deep/") == ["/srv/deep", "/srv/deep/there"]


def test_modification_times_are_compared_on_request(capsys: Capture, tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "a.tar", image(layer(file("a", b"1", mtime=1)), layer(file("a", b"1", mtime=2))))
    assert paths(capsys, path, "1", "2") == []
    (row,) = document(capsys, path, "1", "2", "--mtime")["changes"]
    assert row["what"] == ["mtime"]


def test_the_same_size_is_not_the_same_content_and_a_chmod_is_its_mode_alone(capsys: Capture, tmp_path: Path) -> None:
    below = layer(file("edited", b"AAAA"), file("chmodded", b"x" * 9000), file("moved", b"here"))
    above = layer(
        file("edited", b"BBBB"), file("chmodded", b"x" * 9000, mode=0o755), file("away", b"here"), file(".wh.moved")
    )
    found = document(capsys, oci_archive(tmp_path / "a.tar", image(below, above)), "1", "2")
    assert {row["path"]: row["what"] for row in found["changes"] if row["what"]} == {
        "/edited": ["content"],
        "/chmodded": ["mode"],
    }
    assert found["moves"] == [{"from": "/moved", "to": "/away"}]


# which image


def test_one_of_several_images_is_chosen_on_each_side(capsys: Capture, tmp_path: Path) -> None:
    both = docker_archive(tmp_path / "both.tar", V1, V2)
    assert paths(capsys, both, both, "--image", "app:v1", "--image", "app:v2") == sorted(CHANGES)
    assert paths(capsys, both, both, "--image", "app:v1") == []
    assert "layers" not in document(capsys, both, "1", "4", "--image", "app:v2")
    assert "say which one with --image" in ask(capsys, "diff", both, both).err
    found = document(capsys, PLATFORMS, PLATFORMS, "--platform", "linux/amd64", "--platform", "linux/arm64")
    assert [found[side]["platform"] for side in ("from", "to")] == ["linux/amd64", "linux/arm64"]
    assert {"field": "platform", "name": None, "before": "linux/amd64", "after": "linux/arm64"} in found["config"]


def test_one_of_the_images_may_come_on_standard_input(pair: tuple[Path, Path]) -> None:
    with pair[0].open("rb") as stdin, start("diff", "-", pair[1], "--json", stdin=stdin, stdout=-1) as process:
        found = json.loads(process.communicate()[0])
    assert [row["path"] for row in found["changes"]] == sorted(CHANGES)


# how it ends


def test_the_exit_status_is_1_if_anything_differs(capsys: Capture, pair: tuple[Path, Path]) -> None:
    one, other = pair
    assert ask(capsys, "diff", one, other).status == 0
    assert ask(capsys, "diff", one, other, "--exit-code").status == 1
    assert ask(capsys, "diff", one, one, "--exit-code").status == 0
    assert ask(capsys, "diff", one, "2", "3", "--exit-code", "--only", "removed").status == 0
    assert ask(capsys, "diff", one, "2", "3", "--exit-code").status == 1
    assert ask(capsys, "diff", one, other, "--exit-code", "--json", "--path", "/etc").status == 0


def test_another_config_is_a_difference(capsys: Capture, tmp_path: Path) -> None:
    only = layer(file("a"))
    one = docker_archive(tmp_path / "one.tar", image(only, config={"User": "33"}))
    other = docker_archive(tmp_path / "other.tar", image(only))
    assert ask(capsys, "diff", one, other, "--exit-code").status == 1
    assert ask(capsys, "diff", one, other, "--exit-code", "--path", "/a").status == 0
    out = ask(capsys, "diff", one, other).out
    assert "The only layer is shared." in out
    assert "Nothing differs." not in out


def test_unreadable_files_are_reported_and_never_equal(capsys: Capture, tmp_path: Path) -> None:
    base, top = layer(file("a", b"1")), layer(file("b", b"2"))
    files = docker_files(image(base, top, tags=["a:1"]))
    del files[blob_name(sha256(top))]
    path = write_tar(tmp_path / "broken.tar", files)
    outcome = ask(capsys, "diff", path, "1", "2", "--exit-code")
    assert outcome.status == 2
    assert "No difference was found in the layers that could be read." in outcome.out
    assert outcome.err.startswith("warning: layer 2: cannot be read whole: ")
    assert ask(capsys, "diff", path, "0", "1", "--exit-code").status == 1
    two = ask(capsys, "diff", path, docker_archive(tmp_path / "whole.tar", image(base, top)))
    assert two.err.startswith(f"warning: {path}: layer 2: cannot be read whole: ")


def test_a_missing_layer_leaves_the_outcome_unknown(capsys: Capture, tmp_path: Path) -> None:
    base, top = layer(file("a", b"1")), layer(file("b", b"2"))
    files = docker_files(image(base, top))
    whole = write_tar(tmp_path / "whole.tar", files)
    del files[blob_name(sha256(top))]
    outcome = ask(capsys, "diff", whole, write_tar(tmp_path / "part.tar", files), "--json", "--exit-code")
    assert outcome.status == 2
    found = json.loads(outcome.out)
    assert [(row["path"], row["certain"]) for row in found["changes"]] == [("/b", False)]
    assert found["incomplete"] == [2]
    assert found["from"]["broken_layers"] == []
    (broken,) = found["to"]["broken_layers"]
    assert broken["layer"] == 2
    assert broken["error"]
    assert [row["same_content"] for row in found["layers"]] == [True, None]


def test_layers_that_differ_under_one_diff_id_are_not_called_the_same(capsys: Capture, tmp_path: Path) -> None:
    top = layer(file("b", b"2"))
    files = docker_files(image(layer(file("a", b"1")), top))
    true = write_tar(tmp_path / "true.tar", files)
    wrong = write_tar(tmp_path / "wrong.tar", {**files, blob_name(sha256(top)): layer(file("b", b"333"))})
    out = ask(capsys, "diff", true, wrong).out
    assert "\nLayer 1 is shared.\n" in out
    assert "\nLayer 2 has the same diff_id in both images, but different entries: one image does not match" in out
    assert "  wrong digest  COPY layer-2 /\n" in out
    found = json.loads(ask(capsys, "diff", true, wrong, "--json").out)
    assert [(row["relation"], row["same_content"]) for row in found["layers"]] == [("same", True), ("same", False)]


def test_rows_that_a_missing_layer_may_change_are_uncertain(capsys: Capture, tmp_path: Path) -> None:
    layers = [layer(file("a", b"1")), layer(file("b", b"2")), layer(file("a", b"22"))]
    files = docker_files(image(*layers))
    del files[blob_name(sha256(layers[1]))]
    path = write_tar(tmp_path / "broken.tar", files)
    found = json.loads(ask(capsys, "diff", path, "0", "3", "--json").out)
    assert [(row["path"], row.get("certain", True)) for row in found["changes"]] == [("/a", True)]
    found = json.loads(ask(capsys, "diff", path, "0", "2", "--json").out)
    assert [(row["path"], row.get("certain", True)) for row in found["changes"]] == [("/a", False)]
    assert found["incomplete"] == [2]
    outcome = ask(capsys, "diff", path, "0", "2", "--exit-code")
    assert outcome.status == 2
    assert "Paths: 1 added, +1 B, 1 of them uncertain" in outcome.out
    assert "/a  (uncertain: a layer or the bytes could not be read)" in outcome.out


@pytest.mark.parametrize(("sides", "status"), [(("0", "1"), 1), (("1", "3"), 1), (("1", "2"), 2), (("3", "3"), 0)])
def test_a_difference_is_certain_if_no_missing_layer_can_undo_it(
    capsys: Capture, tmp_path: Path, sides: tuple[str, str], status: int
) -> None:
    layers = [layer(file("a", b"1")), layer(file("b", b"2")), layer(file("a", b"22"))]
    files = docker_files(image(*layers))
    del files[blob_name(sha256(layers[1]))]
    path = write_tar(tmp_path / "broken.tar", files)
    assert ask(capsys, "diff", path, *sides, "--exit-code").status == status


def test_a_complete_image_has_no_uncertain_rows(capsys: Capture, pair: tuple[Path, Path]) -> None:
    found = document(capsys, *pair)
    assert "incomplete" not in found
    assert not any("certain" in row for row in found["changes"])


def test_sparse_files_of_any_size_are_compared_by_their_stored_bytes(capsys: Capture, tmp_path: Path) -> None:
    size = 64_000_000_001
    huge = sparse("huge", size, (0, b""))
    path = docker_archive(tmp_path / "a.tar", image(layer(huge), layer(huge), layer(huge, file("b"))))
    outcome = ask(capsys, "diff", path, "1", "2", "--exit-code")
    assert (outcome.status, outcome.err) == (0, "")
    assert ask(capsys, "diff", path, "1", "3", "--exit-code").status == 1


WRONG_USAGE = {
    (MY_APP,): "missing argument",
    (MY_APP, "1", "99"): "has no layer 99: it has 6 layers",
    (MY_APP, "0", "1", "--own"): "has no layer 0",
    (MY_APP, "3"): "3 is one layer: give two, as in 2 3 or 2..3",
    (MY_APP, "1", "x"): "x is not a layer number: diff takes an image and two layers",
    (MY_APP, "1", "2", "3"): "diff takes two images, or an image and two of its layers",
    (MY_APP, MY_APP, "--own"): "--own compares two layers of one image, not two images",
    (MY_APP, "1", "2", "--image", "a", "--image", "b"): "give --image, --platform and --engine once",
    (MY_APP, MY_APP, *["--image", "v1"] * 3): "--image is given 3 times: there are two images",
    (MY_APP, "1", "2", "--only", "unchanged"): "--only takes a comma list of added, modified, removed, not unchanged",
    (MY_APP, "1", "2", "--path", ""): "--path takes a glob, not nothing",
    (MY_APP, "1", "2", "--json", "--stat"): "--json and --stat are two different formats",
    (MY_APP, "1", "2", "--json", "--patch"): "--json and --patch are two different formats",
    ("-", "-"): "standard input holds one archive: only one of the two images can be -",
    (MY_APP, "no-such.tar"): "no file or folder is named no-such.tar",
}


@pytest.mark.parametrize("arguments", WRONG_USAGE)
def test_wrong_usage_of_diff(capsys: Capture, arguments: tuple[str, ...]) -> None:
    assert WRONG_USAGE[arguments] in ask(capsys, "diff", *arguments).complaint


@pytest.mark.parametrize("form", [[], ["--json"], ["--stat"], ["--patch"]])
def test_a_closed_pipe_ends_a_diff_silently(pair: tuple[Path, Path], form: list[str]) -> None:
    with start("diff", *pair, *form, stdout=-1, stderr=-1) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_the_exit_status_is_right_after_a_closed_pipe(pair: tuple[Path, Path], form: list[str]) -> None:
    with start("diff", *pair, *form, "--exit-code", stdout=-1, stderr=-1) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert process.returncode == 1


@pytest.mark.parametrize("shaped", ["--no-tui", "--stat", "--json", "--exit-code", "--only=added"])
def test_on_a_terminal_an_output_option_prints(pair: tuple[Path, Path], shaped: str) -> None:
    with OnTerminal("diff", *pair, shaped) as printing:
        assert printing.status() == (1 if shaped == "--exit-code" else 0)
        assert b"\x1b[?1049h" not in printing.written
        assert b"/srv/deep" in printing.written


def test_a_patch_on_a_terminal_has_no_control_character_of_the_image(tmp_path: Path) -> None:
    old, new = layer(directory("d"), file("d/a", b"a\n")), layer(file("d/a", b"\x1b[2Ja\tb\r\n" + b"text\n" * 30))
    with OnTerminal("diff", docker_archive(tmp_path / "a.tar", image(old, new)), "1", "2", "--patch") as printing:
        assert printing.status() == 0
        assert b"+\\x1b[2Ja\tb\\r" in printing.written
        assert b"\x1b[2J" not in printing.written


def test_why_digests_differ_is_printed_with_what_mends_it(tmp_path: Path, capsys: Capture) -> None:
    old, new = (docker_archive(tmp_path / f"{mtime}.tar", rebuilt(mtime)) for mtime in (1, 2))
    outcome = ask(capsys, "diff", old, new, "--digests")
    assert outcome.status == 0
    _, _, section = outcome.out.partition("The digests differ only by times.\n")
    assert [" ".join(line.split()) for line in section.splitlines()] == [
        "cause entries such as",
        "layer 1 modification times 1 /app",
        "config time of the build 1 created",
        (
            "To mend modification times (the time of the build): set SOURCE_DATE_EPOCH and the output's"
            " rewrite-timestamp=true (BuildKit), or --timestamp (podman, buildah)."
        ),
        (
            "To mend time of the build (written by builders): set SOURCE_DATE_EPOCH (BuildKit),"
            " or --timestamp (podman, buildah)."
        ),
    ]
    found = document(capsys, old, new, "--digests")["digests"]
    assert found["result"] == "explained"
    cause, _ = found["causes"]
    remedy, made_by = cause.pop("remedy"), cause.pop("made_by")
    assert "rewrite-timestamp" in remedy
    assert made_by == "the time of the build"
    assert cause == {"part": "headers", "layer": [1, 1], "what": "mtime", "entries": 1, "examples": ["/app"]}


def rebuilt(mtime: int, content: bytes = b"") -> ImageRecipe:
    history = [{"created_by": "COPY app /"}]
    return image(layer(file("app", content, mtime=mtime)), history=history, created=f"2026-11-2{mtime}T21:19:00Z")


@pytest.mark.parametrize(
    ("new", "options", "status"),
    [
        (rebuilt(1), ["--digests"], 0),
        (rebuilt(2), [], 0),
        (rebuilt(2), ["--digests"], 1),
        (rebuilt(2), ["--digests", "--ignore-times"], 0),
        (rebuilt(1, b"other"), ["--digests", "--ignore-times"], 1),
    ],
)
def test_times_alone_are_no_difference_of_digests_if_asked(
    tmp_path: Path, capsys: Capture, new: ImageRecipe, options: list[str], status: int
) -> None:
    sides = docker_archive(tmp_path / "old.tar", rebuilt(1)), docker_archive(tmp_path / "new.tar", new)
    assert ask(capsys, "diff", *sides, "--exit-code", *options).status == status


@pytest.mark.parametrize("options", [["--ignore-times"], ["--digests", "--ignore-times", "--mtime"]])
def test_options_about_times_that_make_no_sense_together_are_refused(
    tmp_path: Path, capsys: Capture, options: list[str]
) -> None:
    path = docker_archive(tmp_path / "image.tar", rebuilt(1))
    outcome = ask(capsys, "diff", path, path, *options)
    assert outcome.status == 2
    assert "--ignore-times" in outcome.err
