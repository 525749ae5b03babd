"""Globs for whole paths."""

import re
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from layerscope.analysis.search import globs as globs_module
from layerscope.analysis.search.globs import Globs
from layerscope.analysis.tree.path_index import PathIndex
from tests.analysis.search.indexes import index_of

_PLAINLY = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def _plain(glob: str) -> str:
    return "".join(_PLAINLY.get(part, re.escape(part)) for part in re.split(r"(\*\*/|\*\*|\*|\?)", glob))


def _nodes(globs: list[str], index: PathIndex) -> list[str]:
    return [f"/{index.path(node).decode()}" for node in Globs(globs).nodes(index)]


globs = st.lists(st.sampled_from(["a", "b", "*", "**", "**/", "?", "/"]), max_size=9).map("".join)
few_paths = st.lists(st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=4).map("/".join), max_size=6)


@given(st.lists(globs, max_size=3), few_paths)
@example(["/*a**/b"], ["xaab"])
@example(["/**a*b"], ["xa/yab"])
@example(["/a**b/"], ["a/b"])
def test_globs_match_the_same_paths_as_an_exhaustive_search(globs: list[str], paths: list[str]) -> None:
    index = index_of(*paths)
    plain = [f"/{_plain(glob[1:] if glob.startswith('/') else f'**/{glob}')}" for glob in globs]
    every = [f"/{index.path(node).decode()}" for node in range(1, len(index))]
    expected = [path for path in every if any(re.fullmatch(text, path) for text in plain)]
    assert [path for path in every if Globs(globs).search(path.encode())] == expected
    assert _nodes(globs, index) == expected


def test_a_glob_of_very_many_states_forgets_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(globs_module, "_MOST_STATES", 2)
    index = index_of("b/a/b/a/b", "a/a/b/b", "a/a/a/a/a")
    assert _nodes(["a/*/*/b"], index) == ["/a/a/b/b", "/b/a/b/a/b"]


class _CountedNames:
    """A path index that counts the bytes of the names it gives."""

    def __init__(self, index: PathIndex) -> None:
        self._index = index
        self.read = 0

    def __len__(self) -> int:
        return len(self._index)

    def __getattr__(self, field: str) -> object:
        return getattr(self._index, field)

    def name(self, node: int) -> bytes:
        name = self._index.name(node)
        self.read += len(name)
        return name


@pytest.mark.parametrize(
    "glob",
    ["**/src/**/test/x", "**/a/**/a/**/a/**/a/**/x", "**a*a**a*a**a*a**x", "a/**/*a/**/a*/**/x*", "/**/a/**/**/x"],
)
def test_a_glob_reads_each_name_once_however_deep_it_is(glob: str) -> None:
    paths = [piece * (4_000 // len(piece)) + "y" for piece in ("a/", "aa/", "src/test/", "a" * 250 + "/")]
    index = index_of(*paths)
    counted = _CountedNames(index)
    assert not list(Globs([glob]).nodes(cast("PathIndex", counted)))
    assert counted.read == len(index.names) - len(index)


def test_folders_that_a_glob_cannot_lead_to_are_skipped() -> None:
    counted = _CountedNames(index_of("etc/hosts", *(f"usr/{number}" for number in range(1000))))
    assert len(list(Globs(["/etc/*"]).nodes(cast("PathIndex", counted)))) == 1
    assert counted.read == len("etchostsusr")
