"""Patterns of well-known paths, such as package caches, matched without looking at each path of an image."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from functools import cached_property

from layerscope.analysis.tree.path_index import PathIndex

_ANYWHERE = "**/"


class Subtrees:
    """Folders with everything below them; none of them is inside another."""

    def __init__(self, index: PathIndex, roots: Sequence[int]) -> None:
        self._roots = roots
        self._ends = index.ends

    def __contains__(self, node: int) -> bool:
        position = bisect_right(self._roots, node) - 1
        return position >= 0 and node < self._ends[self._roots[position]]


class PathMatcher:
    """Tells whether a path matches one of the patterns; the name or the folder of most paths shows that it does not."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = tuple(patterns)
        names, endings, folders = set[bytes](), set[bytes](), set[bytes]()
        for folder, _, name in (pattern.rpartition("/") for pattern in self._patterns):
            if "*" not in name:
                names.add(name.encode())
            elif name == "*" and "*" not in folder:
                folders.add(folder.encode())
            else:
                endings.add(name.rpartition("*")[2].encode())
        self._names, self._endings, self._folders = names, tuple(endings), folders

    @cached_property
    def _expression(self) -> re.Pattern[bytes]:
        # 2 ms, and no file of a small image may need it
        return re.compile(b"(?s)" + b"|".join(map(_expression, self._patterns)))

    def may_match(self, path: bytes) -> bool:
        """Return False for most paths that do not match, from the name and the folder alone."""
        folder, _, name = path.rpartition(b"/")
        return name in self._names or name.endswith(self._endings) or folder in self._folders

    def matches(self, path: bytes) -> bool:
        return self.may_match(path) and self._expression.fullmatch(path) is not None


def _expression(pattern: str) -> bytes:
    rest = re.escape(pattern.removeprefix(_ANYWHERE)).replace(r"\*", "[^/]*").encode()
    return b"(?:.*/)?" + rest if pattern.startswith(_ANYWHERE) else rest


def matching_nodes(index: PathIndex, patterns: Iterable[str]) -> list[int]:
    """Return the nodes that match one of the patterns, ascending.

    A pattern is a path (``var/cache/apt``) or the end of one (``**/.cache/pip``); its names may contain ``*``.
    """
    return sorted({node for pattern in patterns for node in _matches(index, pattern)})


def topmost_nodes(index: PathIndex, patterns: Iterable[str]) -> list[int]:
    """Return the nodes that match one of the patterns, ascending, without those below another."""
    return list(topmost(index, matching_nodes(index, patterns)))


def topmost(index: PathIndex, nodes: Iterable[int]) -> Iterator[int]:
    """Yield those of some nodes, which come ascending, that are not below another one."""
    end = 0
    for node in nodes:
        if node >= end:
            yield node
            end = index.ends[node]


def matching_subtrees(index: PathIndex, patterns: Iterable[str]) -> Subtrees:
    """Return the subtrees at the topmost nodes that match one of the patterns."""
    return Subtrees(index, topmost_nodes(index, patterns))


def _matches(index: PathIndex, pattern: str) -> Iterable[int]:
    first, *others = pattern.removeprefix(_ANYWHERE).split("/")
    matches = _anywhere(index, first) if pattern.startswith(_ANYWHERE) else _children(index, 0, first)
    for part in others:
        matches = [child for folder in matches for child in _children(index, folder, part)]
    return matches


def _anywhere(index: PathIndex, part: str) -> list[int]:
    literal = max(part.split("*"), key=len).encode()
    return [node for node in index.nodes_holding(literal) if fnmatchcase(index.name(node), part.encode())]


def _children(index: PathIndex, folder: int, part: str) -> list[int]:
    if "*" in part:
        glob = part.encode()
        return [child for child in index.children(folder) if fnmatchcase(index.name(child), glob)]
    child = index.child(folder, part.encode())
    return [] if child is None else [child]
