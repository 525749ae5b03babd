"""``layerscope history``: the life of one path."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.builders import directory, docker_archive, file, hardlink, image, layer, oci_archive, symlink, whiteout
from tests.cli.runner import ask

Capture = pytest.CaptureFixture[str]

RECIPE = image(
    layer(directory("etc"), file("etc/hosts", b"old"), symlink("bin", "usr/bin"), file("usr/bin/sh", b"sh")),
    layer(file("etc/hosts", b"new")),
    layer(directory("etc"), file("etc/hosts", b"new", mode=0o600, uid=3, gid=4)),
    layer(whiteout("etc/hosts"), hardlink("usr/bin/bash", "usr/bin/sh")),
    layer(file("usr/bin/sh", b"sh")),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return oci_archive(tmp_path / "image.tar", RECIPE)


def document(capsys: Capture, *arguments: str | Path) -> Any:
    outcome = ask(capsys, "history", *arguments, "--json")
    assert (outcome.status, outcome.err) == (0, "")
    return json.loads(outcome.out)


def events(found: Any) -> list[tuple[int, str, list[str]]]:
    return [(event["layer"], event["change"], event["what"]) for event in found["events"]]


def test_every_layer_that_touched_the_path_is_listed_with_its_instruction(capsys: Capture, path: Path) -> None:
    found = document(capsys, path, "/etc/hosts")
    assert (found["schema_version"], found["path"], found["present"]) == (2, "/etc/hosts", False)
    assert events(found) == [
        (1, "added", []),
        (2, "modified", ["content"]),
        (3, "modified", ["mode", "owner"]),
        (4, "removed", []),
    ]
    last = found["events"][-1]
    assert (last["instruction"], last["size"], last["mode"], last["written_by"]) == ("COPY layer-4 /", 3, "0600", 3)


def test_an_identical_copy_and_a_repeated_directory_are_events_too(capsys: Capture, path: Path) -> None:
    assert events(document(capsys, path, "usr/bin/sh")) == [(1, "added", []), (5, "modified", [])]
    assert events(document(capsys, path, "/etc/")) == [(1, "added", []), (3, "unchanged", [])]
    assert document(capsys, path, "/usr/bin/bash")["events"][0]["link"] == "/usr/bin/sh"


def test_a_removed_hard_link_was_a_file_if_its_own_file_had_gone_before(capsys: Capture, tmp_path: Path) -> None:
    layers = layer(file("f", b"four"), hardlink("g", "f")), layer(whiteout("f")), layer(whiteout("g"))
    events = document(capsys, docker_archive(tmp_path / "a.tar", image(*layers)), "/g")["events"]
    assert [(event["layer"], event["kind"], event["size"], event["link"]) for event in events] == [
        (1, "hardlink", 0, "/f"),
        (3, "file", 4, None),
    ]


def test_symlinked_folders_are_followed_and_a_symlink_at_the_end_is_not(capsys: Capture, path: Path) -> None:
    assert document(capsys, path, "/bin/sh")["path"] == "/usr/bin/sh"
    assert document(capsys, path, "/bin")["events"][0]["link"] == "usr/bin"


def test_the_table_starts_with_the_final_state_of_the_path(capsys: Capture, path: Path) -> None:
    lines = ask(capsys, "history", path, "/etc/hosts").out.splitlines()
    assert lines[0] == "/etc/hosts is not in the final image: layer 4 removed it"
    assert [line.split() for line in lines[2:]] == [
        ["layer", "what", "size", "mode", "owner", "instruction"],
        ["1", "+", "added", "3", "B", "-rw-r--r--", "0:0", "COPY", "layer-1", "/"],
        ["2", "~", "modified", "content", "3", "B", "-rw-r--r--", "0:0", "COPY", "layer-2", "/"],
        ["3", "~", "modified", "mode,", "owner", "3", "B", "-rw-------", "3:4", "COPY", "layer-3", "/"],
        ["4", "-", "removed", "3", "B", "-rw-------", "3:4", "COPY", "layer-4", "/"],
    ]
    assert ask(capsys, "history", path, "/usr/bin/sh").out.startswith(
        "/usr/bin/sh is in the final image as layer 5 wrote it\n"
    )
    assert "an identical copy" in ask(capsys, "history", path, "/usr/bin/sh").out


def test_a_path_in_no_layer_ends_in_a_sentence(capsys: Capture, path: Path) -> None:
    assert ask(capsys, "history", path, "/etc/nope").complaint == "/etc/nope is in no layer of the image"
    assert ask(capsys, "history", path, "a\x1b[2J").complaint == "/a\\x1b[2J is in no layer of the image"
    covered = docker_archive(path.parent / "b.tar", image(layer(file("a/b", b"1"), file("a", b"2"))))
    told = ask(capsys, "history", covered, "/a/b")
    assert (told.status, told.out) == (2, "")
    assert told.err.endswith("/a/b is in no layer: another entry of the same layer replaces it\n")
    root = "the root folder has no history: name a path in it"
    assert {ask(capsys, "history", path, *way).complaint for way in (("/",), ("/", "--json"))} == {root}


def test_no_name_steers_the_terminal_of_a_history(capsys: Capture, tmp_path: Path) -> None:
    odd = docker_archive(tmp_path / "odd.tar", image(layer(symlink("a\x1b[2J", "b\x1b[2J"))))
    outcome = ask(capsys, "history", odd, "a\x1b[2J")
    assert outcome.status == 0
    assert all(line.isprintable() for line in outcome.out.splitlines())
    assert "-> b\\x1b[2J" in outcome.out
