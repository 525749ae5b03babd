"""Changes to instructions of the history, applied to the Dockerfile."""

import subprocess
from pathlib import Path

import pytest

from layerscope.analysis.advice.edits import Edits, continued, removed, replaced
from layerscope.analysis.dockerfile.history_forms import HistoryLine
from layerscope.analysis.dockerfile.patching import EditedDockerfile, patch_of
from layerscope.analysis.dockerfile.placed import BuiltImage, PlacedDockerfile, place_by_history

MOUNT = "--mount=type=cache,target=/var/cache"


def place(text: str, *instructions: str) -> PlacedDockerfile:
    lines = [HistoryLine(instruction, layer) for layer, instruction in enumerate(instructions, 1)]
    return place_by_history(BuiltImage(lines, {}, {}, []), text)


def edited(placed: PlacedDockerfile, *changes: Edits) -> str:
    under_change = EditedDockerfile(placed)
    for edits in changes:
        under_change.apply(edits)
    return "".join(under_change.lines())


TEXT = "FROM scratch\nRUN apt-get \\\n  # why\n  update\nRUN make && make install\nCMD x"
PLACED = place(TEXT, "RUN /bin/sh -c apt-get   update", "RUN /bin/sh -c make && make install")
UPDATE, MAKE = "RUN apt-get update", "RUN make && make install"


def test_a_command_is_added_at_the_end_of_an_instruction() -> None:
    assert "\nRUN make && make install \\\n && make clean\nCMD x" in edited(PLACED, continued(2, MAKE, "make clean"))
    assert "  update \\\n && rm -r /x\nRUN make" in edited(PLACED, continued(1, UPDATE, "rm -r /x"))


def test_the_same_command_is_added_once() -> None:
    change = continued(2, MAKE, "make clean")
    assert edited(PLACED, change, change) == edited(PLACED, change)


def test_the_escape_character_of_the_dockerfile_continues_the_line() -> None:
    placed = place("# escape=`\nFROM scratch\nRUN make", "RUN /bin/sh -c make")
    assert edited(placed, continued(1, "RUN make", "x")).endswith("RUN make `\n && x")


def test_a_part_of_an_instruction_is_replaced() -> None:
    assert "RUN make && make install-strip\n" in edited(PLACED, replaced(2, MAKE, "make install", "make install-strip"))


def test_an_instruction_goes_away_with_all_of_its_lines() -> None:
    assert edited(PLACED, removed(1, UPDATE)) == "FROM scratch\nRUN make && make install\nCMD x"


def test_options_of_a_run_stay_in_front_of_a_command_that_is_added_there() -> None:
    placed = place(f"FROM scratch\nRUN {MOUNT} a\nRUN {MOUNT} b", "RUN /bin/sh -c a", "RUN /bin/sh -c b")
    merged = (*removed(1, "RUN a"), *replaced(2, "RUN b", "RUN ", "RUN a && "))
    assert edited(placed, merged) == f"FROM scratch\nRUN {MOUNT} a && b"


def test_a_command_does_not_move_to_an_instruction_with_other_mounts() -> None:
    placed = place(f"FROM scratch\nRUN {MOUNT} a\nRUN b", "RUN /bin/sh -c a", "RUN /bin/sh -c b")
    merged = (*removed(1, "RUN a"), *replaced(2, "RUN b", "RUN ", "RUN a && "))
    assert patch_of(placed, [merged]) == ""


@pytest.mark.parametrize(
    "edits",
    [
        (*continued(2, MAKE, "x"), *continued(9, "RUN y", "z")),
        replaced(2, MAKE, "make", "cmake"),
        (*replaced(2, "RUN other", "other", "x"),),
    ],
)
def test_advice_that_does_not_fit_whole_changes_nothing(edits: Edits) -> None:
    assert edited(PLACED, edits) == TEXT


def test_a_heredoc_and_the_base_image_are_left_alone() -> None:
    placed = place("FROM x\nRUN <<EOF\na\nEOF", "base", "RUN /bin/sh -c a\n")
    assert placed.line_of_layer == {1: 1, 2: 2}
    assert patch_of(placed, [continued(2, "RUN a", "b"), continued(1, "RUN base", "b")]) == ""


@pytest.mark.parametrize(
    "text", [f"{TEXT}\n", TEXT, TEXT.removesuffix("\nCMD x"), f"\ufeff{TEXT}\n".replace("\n", "\r\n")]
)
def test_git_applies_the_patch(tmp_path: Path, text: str) -> None:
    (tmp_path / "Dockerfile").write_bytes(text.encode())
    changes = [removed(1, UPDATE), continued(2, MAKE, "make clean")]
    patch = patch_of(place(text, f"RUN /bin/sh -c {UPDATE[4:]}", f"RUN /bin/sh -c {MAKE[4:]}"), changes)
    subprocess.run(["git", "apply", "-"], input=patch.encode(), cwd=tmp_path, check=True)
    changed = text.replace("\r", "").replace("RUN apt-get \\\n  # why\n  update\n", "")
    changed = changed.replace("make install", "make install \\\n && make clean")
    end = "\r\n" if "\r" in text else "\n"
    assert (tmp_path / "Dockerfile").read_bytes().decode() == changed.replace("\n", end)
