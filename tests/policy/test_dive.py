"""Efficiency by dive's formula, against a model of dive's trees, and ``.dive-ci`` files as repositories hold them."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.errors import UsageError
from layerscope.policy.dive import dive_efficiency, read_dive_rules
from layerscope.policy.rules import RulesFile
from layerscope.session.open import open_image
from tests.builders import directory, docker_archive, file, hardlink, image, layer, opaque, symlink, whiteout
from tests.tars import TarEntry


def efficiency(folder: Path, *layers: Sequence[TarEntry]) -> float:
    path = docker_archive(folder / "image.tar", image(*(layer(*entries) for entries in layers)))
    with open_image(str(path)) as session:
        return dive_efficiency(session.load().tree)


def of_size(name: str, size: int) -> TarEntry:
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
def test_the_efficiency_is_that_of_dive(tmp_path: Path, layers: list[list[TarEntry]], expected: float) -> None:
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


def limits(file: RulesFile) -> tuple[float | None, int | None, float | None]:
    rules = file.rules
    return rules.min_dive_efficiency, rules.max_dead_size, rules.max_user_dead_share


FORMS = [
    "rules:\n  lowestEfficiency: 0.95\n  highestWastedBytes: 20MB\n  highestUserWastedPercent: 0.2\n",
    "rules: {lowestEfficiency: 0.95, highestWastedBytes: 20MB, highestUserWastedPercent: 0.2}",
    "rules: { lowestEfficiency: '0.95',  # text\n highestWastedBytes: \"20MB\",\n highestUserWastedPercent: 0.2 }\n",
    '{"rules": {"lowestEfficiency": 0.95, "highestWastedBytes": "20MB", "highestUserWastedPercent": 0.2}}',
    "rules:\n    'lowestEfficiency':   0.95 #\n    \"highestWastedBytes\": '20MB'\n    highestUserWastedPercent: 0.2",
    "---\nrules:\n  lowest-efficiency: 0.95\n  highest-wasted-bytes: 20MB\n  highest-user-wasted-percent: 0.2\n...\n",
    "\ufeffrules:\r\n  lowestEfficiency: 0.95\r\n  highestWastedBytes: 20MB\r\n  highestUserWastedPercent: 0.2\r\n",
]


@pytest.mark.parametrize("text", FORMS)
def test_rules_are_read_in_block_and_flow_style(text: str) -> None:
    file = read_dive_rules(text, ".dive-ci")
    assert limits(file) == (0.95, 20_000_000, 0.2)
    assert file.ignored == ()


FOREIGN = [
    ("ci: true\nrules:\n  lowestEfficiency: 0.95\n", ("ci",)),
    ("log:\n  enabled: true\n  path: ./dive.log # don't\nrules:\n  lowestEfficiency: 0.95\n", ("log",)),
    ("keybinding:\n  # Global bindings\n  quit: ctrl+c\nrules:\n  lowestEfficiency: 0.95\n", ("keybinding",)),
    ("plugins:\n- one\n- two:\n    deep: 1\nrules:\n  lowestEfficiency: 0.95\n", ("plugins",)),
    (
        "rules:\n  lowestEfficiency: 0.95\n  noSecrets:\n    paths:\n      - /root\n  other: [a, b]\n",
        ("rules.noSecrets", "rules.other"),
    ),
    ("rules: {lowestEfficiency: 0.95, other: {a: [1, 2], b: 'x, y: z'}}", ("rules.other",)),
    (
        "other: {a: [1,\n 2]}\nrules:\n  lowestEfficiency: 0.95\nlast: |\n  rules:\n    lowestEfficiency: 0.1\n",
        ("other", "last"),
    ),
    ("base: &base {lowestEfficiency: 0.95}\nrules: *base\n", ("base",)),
]


@pytest.mark.parametrize(("text", "ignored"), FOREIGN)
def test_keys_that_are_no_rules_of_dive_are_ignored_and_named(text: str, ignored: tuple[str, ...]) -> None:
    file = read_dive_rules(text, ".dive-ci")
    assert limits(file) == (0.95, None, 0.1)
    assert file.ignored == ignored


LAUGHS = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 20))

HOSTILE = [
    ("rules: " + "[" * 20_000, "is nested too deeply"),
    ("rules:\n" + "- " * 20_000, "is nested too deeply"),
    ("rules: {}\n" + "#" * 100_000, "is too large"),
    ("rules: !!python/object/apply:os.system ['exit 1']", "expected `key: value` below `rules:`"),
    ("rules:\n  lowestEfficiency: *unknown", "line 2: not valid YAML: found undefined alias 'unknown'"),
    ("rules: {}\n---\nrules: {}", "line 2: not valid YAML"),
    ("rules:\n  \x1b[31m: 1", "is not valid YAML: unacceptable character #x001b"),
]


@pytest.mark.parametrize(("text", "words"), HOSTILE)
def test_yaml_that_no_rules_need_is_an_error(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=re.escape(words)):
        read_dive_rules(text, ".dive-ci")


def test_aliases_are_not_expanded() -> None:
    assert limits(read_dive_rules(f"{LAUGHS}rules: &r {{lowestEfficiency: 0.95, x: *r}}", ".dive-ci"))[0] == 0.95
