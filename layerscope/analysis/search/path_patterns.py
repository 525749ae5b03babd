"""Finds well-known places among the paths of an image without looking at each path."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase

from layerscope.analysis.tree.path_index import PathIndex

_ANYWHERE = "**/"


class Areas:
    """Folders with all below them, none in another: from `places`."""

    def __init__(self, index: PathIndex, nodes: Sequence[int]) -> None:
        self._nodes = nodes
        self._ends = index.ends

    def __contains__(self, node: int) -> bool:
        at = bisect_right(self._nodes, node) - 1
        return at >= 0 and node < self._ends[self._nodes[at]]


def nodes_holding(index: PathIndex, literal: bytes) -> Iterator[int]:
    """Yield the nodes whose names hold the text, ascending: all names are searched as the one text they are."""
    names, ends = index.names, index.name_ends
    found, node = names.find(literal), 1
    while found >= 0:
        node = bisect_right(ends, found, node)
        if found + len(literal) <= ends[node]:
            yield node
            found = names.find(literal, ends[node])
        else:
            found = names.find(literal, found + 1)


def nodes_named(index: PathIndex, name: bytes) -> Iterator[int]:
    """Yield the nodes of that very name, ascending."""
    return (node for node in nodes_holding(index, name) if index.name(node) == name)


def matching(index: PathIndex, patterns: Iterable[str]) -> list[int]:
    """Return the nodes that fit one of the patterns, ascending.

    A pattern is a path (``var/cache/apt``) or the end of one (``**/.cache/pip``); its names may hold ``*``.
    """
    return sorted({node for pattern in patterns for node in _matches(index, pattern)})


def places(index: PathIndex, patterns: Iterable[str]) -> list[int]:
    """Return the nodes that fit one of the patterns, ascending, without those below another."""
    outermost: list[int] = []
    for node in matching(index, patterns):
        if not outermost or node >= index.ends[outermost[-1]]:
            outermost.append(node)
    return outermost


def _matches(index: PathIndex, pattern: str) -> Iterable[int]:
    first, *others = pattern.removeprefix(_ANYWHERE).split("/")
    found = _anywhere(index, first) if pattern.startswith(_ANYWHERE) else _children(index, 0, first)
    for part in others:
        found = [child for folder in found for child in _children(index, folder, part)]
    return found


def _anywhere(index: PathIndex, part: str) -> list[int]:
    literal = max(part.split("*"), key=len).encode()
    return [node for node in nodes_holding(index, literal) if fnmatchcase(index.name(node), part.encode())]


def _children(index: PathIndex, folder: int, part: str) -> list[int]:
    if "*" in part:
        glob = part.encode()
        return [child for child in index.children(folder) if fnmatchcase(index.name(child), glob)]
    child = index.child(folder, part.encode())
    return [] if child is None else [child]
