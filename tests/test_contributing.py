"""CONTRIBUTING.md tells newcomers about files and names that are there."""

import re
from importlib import import_module
from operator import attrgetter
from pathlib import Path

import pytest

import layerscope

PACKAGE = Path(layerscope.__file__).parent
ROOT = Path(__file__).parents[1]
TEXT = (ROOT / ".github" / "CONTRIBUTING.md").read_text()
STATIONS = re.findall(r"^(\d+)\. `(\S+)\.py`, `([\w.]+)`: \w", TEXT, re.MULTILINE)
QUOTED = set(re.findall(r"`@?([^`\n ]+)`", TEXT))


def is_there(path: str) -> bool:
    """Tell whether the repository or a folder of the package has a path."""
    return (ROOT / path).exists() or any(PACKAGE.rglob(path.rstrip("/")))


def test_the_walks_have_ten_and_eight_stations() -> None:
    assert [int(number) for number, _, _ in STATIONS] == [*range(1, 11), *range(1, 9)]


@pytest.mark.parametrize(("file", "name"), [station[1:] for station in STATIONS])
def test_each_station_is_a_function_of_its_file(file: str, name: str) -> None:
    function = attrgetter(name)(import_module(f"layerscope.{file.replace('/', '.')}"))
    assert function.__code__.co_filename == str(PACKAGE / f"{file}.py")


def test_every_named_file_and_folder_is_there() -> None:
    paths = {name for name in QUOTED if re.fullmatch(r"\w[\w/]*(?:/\w*|\.py|\.toml)", name)}
    assert len(paths) > 80
    assert not [path for path in sorted(paths) if not is_there(path)]


def test_every_other_name_is_one_of_the_code() -> None:
    code = "\n".join(path.read_text() for path in (*PACKAGE.rglob("*.py"), ROOT / "tests" / "conftest.py"))
    known = re.findall(r"(?:class|def|import) (\w+)|^ *(\w+)(?:: .*)? = |^ +(\w+): ", code, re.MULTILINE)
    names = {name.rpartition(".")[2] for name in QUOTED if re.fullmatch(r"(?=.*[A-Z_])[A-Za-z_.]+", name)}
    assert len(names) > 40
    assert not names - {name for each in known for name in each}
