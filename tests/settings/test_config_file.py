"""config.toml: what it may set, and what is said about mistakes in it."""

import os
from pathlib import Path
from typing import Any

import pytest

from layerscope.settings.config_file import ConfigFile, read_config


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def read(path: Path, text: str) -> ConfigFile:
    path.write_text(text)
    return read_config(path)


def test_a_file_that_is_not_there_sets_nothing(path: Path) -> None:
    assert read_config(path) == ConfigFile()


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ('theme = "nord"', "theme", "nord"),
        ('sort = "size"', "sort", "size"),
        ('columns = ["layer", "mode"]', "columns", ("mode", "layer")),
        ("columns = []", "columns", ()),
        ("unfold = 2", "unfold", 2),
        ('units = "binary"', "units", "binary"),
        ('[keys]\n"explorer.size" = "W"', "keys", {"explorer.size": "W"}),
        ('keys."explorer.size" = ["W", "f2"]', "keys", {"explorer.size": "W,f2"}),
    ],
)
def test_each_setting_is_read_from_its_line(path: Path, text: str, name: str, value: Any) -> None:
    assert read(path, text) == ConfigFile({name: value})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('# mine\nsort = "big"', 'line 2: sort must be "name" or "size", not \'big\''),
        ("theme = 3", "line 1: theme must be the name of a theme, not 3"),
        ("unfold = true", "line 1: unfold must be a depth from 0 to 9, not True"),
        ('columns = ["size"]', "line 1: columns must be a list of some of mode, owner, mtime, layer, not ['size']"),
        ("\n\nthem = 1", "line 3: there is no setting them: did you mean theme?"),
        ("zebra = 1", "line 1: there is no setting zebra (there are theme, sort, columns, unfold, units, keys)"),
        ("[keys]\nx = 5", "line 1: keys must be a table of keys by id, such as"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_the_rest_counts(path: Path, text: str, problem: str) -> None:
    config = read(path, f'{text}\n[extra]\n[keys]\na = "b"' if "keys" not in text else text)
    assert config.problems[0].startswith(f"{path}, {problem}")
    assert config.values == ({} if "keys" in text else {"keys": {"a": "b"}})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"theme = \n", "(at line 1, column 9)"),
        (b"\xff", "can't decode byte 0xff"),
        (b"a = " + b"[" * 5_000, "ignored: "),
        (b"#" * 1_100_000, "larger than 1 MB"),
    ],
    ids=["syntax", "encoding", "depth", "size"],
)
def test_a_file_that_cannot_be_parsed_is_ignored_with_the_reason(path: Path, content: bytes, reason: str) -> None:
    path.write_bytes(content)
    config = read_config(path)
    (problem,) = config.problems
    assert problem.startswith(f"{path} is ignored: ")
    assert reason in problem
    assert problem.isprintable()
    assert config.values == {}


def test_a_pipe_in_its_place_is_not_waited_for(path: Path) -> None:
    os.mkfifo(path)
    assert read_config(path).problems == [f"{path} is ignored: it is not a file"]
