"""The page for users of dive: its commands run, its keys are there, and its figures are what check says."""

import os
import re
import shlex
from pathlib import Path

import pytest

from tests.builders import docker_archive, file, image, layer, whiteout
from tests.cli.runner import MY_APP, ask, document

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / ".github" / "COMING-FROM-DIVE.md").read_text()

Capture = pytest.CaptureFixture[str]


def rows(title: str) -> list[list[str]]:
    """Return the cells of the last table of a section, without its head."""
    section = PAGE.split(f"\n## {title}")[1].split("\n## ")[0]
    lines = re.findall(r"^\| (.*) \|$", section.rpartition("|---|")[2], re.MULTILINE)
    return [line.split(" | ") for line in lines]


def test_each_key_is_in_the_table_of_the_readme() -> None:
    readme = "\n".join(re.findall(r"^\| .*", (ROOT / "README.md").read_text(), re.MULTILINE))
    keys = {key for *_, cell in rows("Keys") for key in re.findall(r"`([^`]{1,2})`", cell.partition(";")[0])}
    assert len(keys) > 10
    assert not [key for key in keys if f"`{key}`" not in readme]


def test_the_commands_about_rules_run(tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my-app.tar").symlink_to(MY_APP)
    (tmp_path / ".dive-ci").write_text("rules:\n  lowestEfficiency: 0.6\n  highestUserWastedPercent: 0.8\n")
    (block,) = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    by_file, by_environment = map(shlex.split, block.splitlines())
    assert ask(capsys, *by_file[1:]).out.endswith("my-app:v1 passes all 2 rules of .dive-ci.\n")

    for setting in by_environment[: by_environment.index("layerscope")]:
        monkeypatch.setenv(*setting.split("=", 1))
    arguments = by_environment[by_environment.index("layerscope") + 1 :]
    assert "rules of .dive-ci" in ask(capsys, *arguments).out, "a file comes before the environment, as in dive"
    os.rename(".dive-ci", "rules")  # noqa: PTH104
    # dive's default for what is not stated: an efficiency of 0.9
    outcome = ask(capsys, *arguments)
    assert (outcome.status, outcome.out.splitlines()[-1]) == (
        1,
        "my-app:v1 passes 1 of 2 rules of the environment: 1 failed.",
    )
    monkeypatch.setenv("DIVE_CI_CONFIG", "rules")
    assert ask(capsys, *arguments).out.endswith("my-app:v1 passes all 2 rules of rules.\n")


def test_an_invalid_variable_is_a_sentence(capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIVE_RULES_LOWEST_EFFICIENCY_THRESHOLD", "2: [")
    complaint = ask(capsys, "check", MY_APP).complaint
    assert complaint == "the environment, line 1: lowestEfficiency must be a number from 0 to 1, not '2: ['"


@pytest.mark.parametrize("row", rows("What the numbers mean"), ids=lambda row: row[0])
def test_the_figures_of_the_three_images_are_right(tmp_path: Path, capsys: Capture, row: list[str]) -> None:
    what, by_dive, own = row
    first = [file(name, b"x" * 10_000_000) for name in ("d/a", "d/b")[: 1 + ("folder" in what)]]
    second = first if what.startswith("writes") else [whiteout("d" if "folder" in what else "d/a")]
    path = docker_archive(tmp_path / "app.tar", image(layer(*first), layer(*second)))
    (tmp_path / ".dive-ci").write_text("rules: {lowestEfficiency: 0, highestUserWastedPercent: off}")
    why = document(capsys, "why", path)
    dead = sum(found["dead_size"] for found in why["layers"])
    assert f"{dead // 1_000_000} MB" == own.split(",")[0]
    said = ask(capsys, "check", path, "--config", tmp_path / ".dive-ci").out
    assert f"by dive's formula is {by_dive.split(', ')[1]} (by bytes, {own.split(', ')[1]})" in said
