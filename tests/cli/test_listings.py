"""``layers`` and ``tree`` as a whole: what goes to standard output and what to standard error."""

import json
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from layerscope.text import plural
from tests.builders import blob_name, docker_archive, docker_files, file, image, layer, sha256, write_tar
from tests.cli.runner import MY_APP, ask
from tests.samples import SAMPLES

Capture = pytest.CaptureFixture[str]

MARKS = {1: (106, 0, 0), 2: (7, 1, 0), 3: (28, 4, 8), 4: (0, 0, 12), 5: (3, 8, 8), 6: (3, 1, 0)}
"""The counts that the README of the samples states for my-app: added, modified, removed, by layer."""


def document(capsys: Capture, *arguments: str | Path) -> Any:
    outcome = ask(capsys, *arguments, "--json")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.isascii()
    return json.loads(outcome.out)


@pytest.mark.parametrize("layer_number", MARKS)
def test_both_listings_have_the_marks_of_the_sample(capsys: Capture, layer_number: int) -> None:
    part = document(capsys, "layers", MY_APP)["layers"][layer_number - 1]
    assert (part["added"], part["modified"], part["removed"]) == MARKS[layer_number]
    tree = document(capsys, "tree", MY_APP, "--layer", str(layer_number))
    assert tree["layer"] == layer_number
    counts = Counter(entry["change"] for entry in tree["entries"])
    assert (counts["added"], counts["modified"], counts["removed"]) == MARKS[layer_number]


def test_the_default_command_prints_the_same_document(capsys: Capture) -> None:
    found = document(capsys, MY_APP)
    assert found == document(capsys, "layers", MY_APP)
    assert [step["layer"] for step in found["steps"]] == [1, None, None, None, 2, 3, 4, 5, 6, None, None, None, None]


def test_the_tree_is_that_of_the_last_layer_by_default(capsys: Capture) -> None:
    assert document(capsys, "tree", MY_APP)["layer"] == 6


def test_an_opaque_whiteout_removes_what_the_layer_does_not_write_again(capsys: Capture) -> None:
    tree = document(capsys, "tree", SAMPLES / "opaque.oci.tar", "--layer", "3", "--only", "added,modified,removed")
    assert {entry["path"]: entry["change"] for entry in tree["entries"]} == {
        "/srv/data/north.csv": "modified",
        "/srv/data/raw": "removed",
        "/srv/data/raw/part-1.csv": "removed",
        "/srv/data/raw/part-2.csv": "removed",
        "/srv/data/south.csv": "removed",
        "/srv/data/summary.csv": "added",
        "/srv/data/west.csv": "removed",
    }


@pytest.mark.parametrize("only", ["added,removed", "added, removed", "removed,added,added"])
def test_only_the_chosen_kinds_of_change_are_listed(capsys: Capture, only: str) -> None:
    tree = document(capsys, "tree", MY_APP, "--layer", "5", "--only", only)
    assert Counter(entry["change"] for entry in tree["entries"]) == {"added": 3, "removed": 8}


def test_a_depth_and_an_order_by_size_can_be_chosen(capsys: Capture) -> None:
    tree = document(capsys, "tree", MY_APP, "--depth", "1")
    assert all(entry["path"].count("/") == 1 for entry in tree["entries"])
    sizes = [entry["size"] for entry in document(capsys, "tree", MY_APP, "--sort", "size")["entries"]]
    assert sizes == sorted(sizes, reverse=True)


def test_the_tree_in_lines(capsys: Capture) -> None:
    outcome = ask(capsys, "tree", MY_APP, "--layer", "6", "--only", "added,modified")
    assert outcome.status == 0
    assert outcome.out.splitlines() == [
        "+ -rw-r--r--    0:0  1.5 kB  6  /var/www/html/Dockerfile",
        "~ -rw-r--r--    0:0   369 B  6  /var/www/html/index.html",
        "+ -rw-r--r--    0:0   259 B  6  /var/www/html/logo.svg",
        "+ -rw-r--r--    0:0   311 B  6  /var/www/html/style.css",
    ]


@pytest.mark.parametrize("arguments", [("layers",), ("tree",), ("tree", "--layer", "1"), ("tree", "--json")])
def test_no_odd_name_can_steer_the_terminal(capsys: Capture, arguments: tuple[str, ...]) -> None:
    outcome = ask(capsys, *arguments, SAMPLES / "odd-names.tar")
    assert outcome.status == 0
    # controls, formats (bidirectional ones among them), surrogates
    assert {c for c in outcome.out if unicodedata.category(c).startswith("C")} == {"\n"}


@pytest.mark.parametrize(
    ("command", "lists"),
    [
        (("tree", MY_APP), ["entries"]),
        (("tree", MY_APP, "--sort", "size"), ["entries"]),
        (("find", MY_APP, "nginx"), ["matches"]),
        (("diff", MY_APP, "1", "6"), ["changes"]),
        (("layers", MY_APP), ["layers", "steps"]),
        (("history", MY_APP, "/var/www/html/index.html"), ["events"]),
        (("packages", MY_APP), ["packages", "events"]),
        (("dockerfile", MY_APP), ["lines"]),
        (("verify", MY_APP), ["checks"]),
    ],
)
def test_a_limit_keeps_the_first_rows_and_says_how_many_are_left_out(
    capsys: Capture, command: tuple[str | Path, ...], lists: list[str]
) -> None:
    whole = document(capsys, *command)
    assert "left_out" not in whole
    for most in (1, 1000):
        outcome = ask(capsys, *command, "--limit", str(most), "--json")
        left_out = sum(len(whole[rows][most:]) for rows in lists)
        assert bool(left_out) is (most == 1)
        assert json.loads(outcome.out) == whole | {rows: whole[rows][:most] for rows in lists} | {"left_out": left_out}
        assert outcome.err == (f"{plural(left_out, 'more row')} left out by --limit 1\n" if left_out else "")
    lines, outcome = ask(capsys, *command).out.splitlines(), ask(capsys, *command, "--limit", "1")
    left_out = len(lines) - len(outcome.out.splitlines())
    assert outcome.err == f"{plural(left_out, 'more row')} left out by --limit 1\n"
    # a limited answer is not kept as that to the question without a limit
    assert ask(capsys, *command).out.splitlines() == lines


def test_a_limit_of_why_is_that_of_each_list(capsys: Capture) -> None:
    whole, limited = document(capsys, "why", MY_APP), document(capsys, "why", MY_APP, "--limit", "2")
    sizes = sorted((dead["size"] for dead in whole["dead"]["entries"]), reverse=True)
    assert sorted((dead["size"] for dead in limited["dead"]["entries"]), reverse=True) == sizes[:2]
    cut = [name for name, value in whole.items() if isinstance(value, list) and value != limited[name]]
    assert all(len(limited[name]) == 2 for name in cut)
    assert limited["left_out"] == len(sizes) - 2 + sum(len(whole[name]) - 2 for name in cut)
    printed = ask(capsys, "why", MY_APP, "--limit", "1").out
    assert "and 5 more" in printed
    assert ask(capsys, "why", MY_APP).out != printed


def broken_image(tmp_path: Path) -> Path:
    base, top = layer(file("a", b"1")), layer(file("b", b"2"), file("../c", b"3"))
    files = docker_files(image(base, top, tags=["my-app:v1"]))
    del files[blob_name(sha256(base))]
    return write_tar(tmp_path / "image.tar", files)


@pytest.mark.parametrize("command", ["layers", "tree"])
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_an_image_with_a_broken_layer_lists_with_a_warning(
    capsys: Capture, tmp_path: Path, command: str, form: list[str]
) -> None:
    path = broken_image(tmp_path)
    outcome = ask(capsys, command, path, *form)
    assert outcome.status == 0
    digest = sha256(layer(file("a", b"1")))
    assert outcome.err.splitlines() == [
        f"warning: layer 1: cannot be read whole: the blob {digest} is not in {path}",
        "warning: layer 2: left out ../c: its name has ..",
    ]
    if form:
        assert json.loads(outcome.out)["schema_version"] == 2


def test_the_tree_above_a_missing_layer_shows_what_is_known(capsys: Capture, tmp_path: Path) -> None:
    outcome = ask(capsys, "tree", broken_image(tmp_path), "--json")
    assert [(row["path"], row["change"]) for row in json.loads(outcome.out)["entries"]] == [("/b", "added")]


def test_contradicting_documents_give_a_warning(capsys: Capture, tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "image.tar", image(layer(file("a")), history=[{"created_by": "a"}] * 2))
    outcome = ask(capsys, "layers", path)
    assert outcome.status == 0
    assert outcome.err == "warning: the history describes 2 layers and the manifest lists 1\n"


def test_an_image_without_layers(capsys: Capture, tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "image.tar", image(tags=["none:1"]))
    assert document(capsys, "tree", path) == {"schema_version": 2, "layer": 0, "entries": []}
    assert document(capsys, "layers", path)["layers"] == []
    assert ask(capsys, "tree", path).out == ""
    assert ask(capsys, path).out.startswith("none:1")
