"""Patterns of well-known paths."""

import pytest

from layerscope.analysis.search.path_patterns import PathMatcher, matching_nodes
from tests.analysis.search.indexes import index_of

PATHS = (
    "a",
    "a/b",
    "a/b/c.list",
    "a/b/.list",
    "a/b/c.list/d",
    "a/b/c/e.list",
    "status",
    "x/status",
    "x/y/status",
    "x/my-status",
    "x/y-z.info/status",
    "x/y.info/z/status",
    "odd\nname.list",
)


@pytest.mark.parametrize(
    "patterns",
    [
        ("a",),
        ("status",),
        ("**/status",),
        ("a/b/*.list",),
        ("a/b/*",),
        ("*/status",),
        ("**/*.list",),
        ("**/*.info/status",),
        ("**/*z.info/*", "a"),
        ("**/x/status", "a/b"),
        ("**/.info",),
    ],
)
def test_a_path_matches_where_its_node_does(patterns: tuple[str, ...]) -> None:
    index = index_of(*PATHS)
    paths = list(map(index.path, range(1, len(index))))
    matcher = PathMatcher(patterns)
    assert [path for path in paths if matcher.matches(path)] == [
        index.path(node) for node in matching_nodes(index, patterns)
    ]
