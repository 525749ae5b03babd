"""Efficiency by dive's formula, against a model of dive's trees."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.policy.dive_efficiency import dive_efficiency
from layerscope.session.open import open_image
from tests.builders import Entry, directory, docker_archive, file, hardlink, image, layer, opaque, symlink, whiteout


def efficiency(folder: Path, *layers: Sequence[Entry]) -> float:
    path = docker_archive(folder / "image.tar", image(*(layer(*entries) for entries in layers)))
    with open_image(str(path)) as session:
        return dive_efficiency(session.loaded.tree)


def of_size(name: str, size: int) -> Entry:
    return file(name, b"x" * size)


EXAMPLES = [
    ([[of_size("a", 10)]], 1.0),
    ([[]], 1.0),
    ([[of_size("a", 0)], [of_size("a", 0)]], 1.0),
    # The smallest occurrence is not waste, wherever it is.
    ([[of_size("a", 10)], [of_size("a", 30)]], 10 / 40),
    ([[of_size("a", 30)], [of_size("a", 10)]], 10 / 40),
    # A whiteout of a file has no size, so that all of the file is waste.
    ([[of_size("a", 10), of_size("b", 10)], [whiteout("a")]], 10 / 20),
    # A whiteout of a directory has the size of everything below it, once as the smallest and once in the sum.
    ([[of_size("d/a", 10), of_size("d/b", 20)], [whiteout("d")]], 60 / 60),
    ([[directory("d")], [of_size("d/a", 10)], [whiteout("d")]], 10 / 20),
    # A whiteout counts beside an entry of the same path, and beside a whiteout of a folder above.
    ([[of_size("a", 10)], [whiteout("a"), of_size("a", 20)]], 0 / 30),
    ([[of_size("d/a", 10)], [of_size("d/a", 5), whiteout("d")]], 15 / 25),
    ([[of_size("d/a", 10), of_size("d/b", 10)], [whiteout("d"), whiteout("d/a"), directory("d")]], 30 / 40),
    # An opaque whiteout is no occurrence, nor is a file below a path that became a file.
    ([[of_size("d/a", 10)], [opaque("d"), of_size("d/b", 5)]], 15 / 15),
    ([[of_size("d/a", 10)], [of_size("d", 5)]], 15 / 15),
    # Links have no size.
    ([[of_size("a", 10), hardlink("b", "a"), symlink("c", "a")], [of_size("b", 10)]], 10 / 20),
]


@pytest.mark.parametrize(("layers", "expected"), EXAMPLES)
def test_the_efficiency_is_that_of_dive(tmp_path: Path, layers: list[list[Entry]], expected: float) -> None:
    assert efficiency(tmp_path, *layers) == pytest.approx(expected)


Change = tuple[str, int | None]
"""A path with the size of a file, or None for a whiteout."""

_PATHS = ["a", "d/a", "d/b", "d/e/a", "f/a"]
_CHANGES = st.dictionaries(st.sampled_from(_PATHS), st.integers(0, 50), max_size=4)
_WHITEOUTS = st.sets(st.sampled_from(["a", "d", "d/a", "d/e", "f"]), max_size=2)


@given(st.lists(st.tuples(_CHANGES, _WHITEOUTS), min_size=1, max_size=4))
def test_any_image_has_the_efficiency_of_dives_trees(
    tmp_path_factory: pytest.TempPathFactory, layers: list[tuple[dict[str, int], set[str]]]
) -> None:
    steps = list(_valid_steps(layers))
    entries = [[*(of_size(*item) for item in files.items()), *map(whiteout, gone)] for files, gone in steps]
    assert efficiency(tmp_path_factory.mktemp("dive"), *entries) == pytest.approx(_by_dive(steps))


def _valid_steps(layers: list[tuple[dict[str, int], set[str]]]) -> Iterator[tuple[dict[str, int], set[str]]]:
    """Yield the layers without whiteouts of what does not exist."""
    known = set[str]()
    for files, whiteouts in layers:
        gone = {path for path in whiteouts if any(_is_at_or_below(name, path) for name in known)}
        yield files, gone
        known = {name for name in known if not any(_is_at_or_below(name, path) for path in gone)} | set(files)


def _is_at_or_below(name: str, path: str) -> bool:
    return name == path or name.startswith(path + "/")


def _by_dive(layers: list[tuple[dict[str, int], set[str]]]) -> float:
    merged: dict[str, int] = {}
    found: dict[str, list[int]] = {}
    for files, gone in layers:
        for path, size in files.items():
            found.setdefault(path, []).append(size)
        for path in gone:
            below = [size for name, size in merged.items() if name.startswith(path + "/")]
            found.setdefault(path, []).append(sum(below))
        merged = {name: size for name, size in merged.items() if not any(_is_at_or_below(name, path) for path in gone)}
        merged |= files
    total = sum(map(sum, found.values()))
    return sum(map(min, found.values())) / total if total else 1.0
