"""Live duplicates: the same bytes at several paths of the final image; hard links to one file are not duplicates."""

from collections import Counter
from collections.abc import Sequence
from itertools import compress, count
from typing import NamedTuple

from layerscope.analysis.content import Digests
from layerscope.analysis.size.live import LiveFiles

Group = Sequence[int]
"""Positions among the live files, of equal size."""


class ReadingBudget(NamedTuple):
    """The most files, and bytes of them, that are read to find duplicates."""

    files: int = 40_000
    size: int = 4_000_000_000


class DuplicateCandidates(NamedTuple):
    """Files that may be duplicates, because their sizes are equal; ``left_out`` counts those beyond the budget.

    ``left_out_size`` is the most that those could save, in bytes.
    """

    groups: tuple[Group, ...]
    left_out: int = 0
    left_out_size: int = 0


class Duplicate(NamedTuple):
    """The same ``size`` bytes in several files: their nodes and layers, in the order of paths."""

    size: int
    nodes: tuple[int, ...]
    layers: tuple[int, ...]

    @property
    def saves(self) -> int:
        """The size of all copies but one."""
        return self.size * (len(self.nodes) - 1)


def duplicate_candidates(sizes: Sequence[int], budget: ReadingBudget | None = None) -> DuplicateCandidates:
    """Return the groups of files of one size, given the size of each, the ones that could save the most first."""
    budget = budget or ReadingBudget()
    collisions = [(size, copies) for size, copies in Counter(sizes).items() if size and copies > 1]
    collisions.sort(key=lambda collision: (-collision[0] * (collision[1] - 1), collision[0]))
    groups: dict[int, list[int]] = {}
    files = read = left_out = left_out_size = 0
    for size, copies in collisions:
        if files + copies > budget.files or read + size * copies > budget.size:
            left_out, left_out_size = left_out + copies, left_out_size + size * (copies - 1)
            continue
        groups[size] = []
        files, read = files + copies, read + size * copies
    for position in compress(count(), map(groups.__contains__, sizes)):
        groups[sizes[position]].append(position)
    return DuplicateCandidates(tuple(groups.values()), left_out, left_out_size)


def find_duplicates(live: LiveFiles, groups: Sequence[Group], digests: Digests) -> tuple[Duplicate, ...]:
    """Return the duplicates among the candidates, the ones that save the most first; unreadable files are left out."""
    duplicates = [duplicate for group in groups for duplicate in _equal(live, group, digests)]
    return tuple(sorted(duplicates, key=lambda duplicate: (-duplicate.saves, duplicate.nodes)))


def _equal(live: LiveFiles, group: Group, digests: Digests) -> list[Duplicate]:
    by_digest: dict[bytes, list[int]] = {}
    for position in group:
        digest = digests.get(live.occurrences[position])
        if digest is not None:
            by_digest.setdefault(digest, []).append(position)
    return [
        Duplicate(live.sizes[group[0]], _values(live.nodes, positions), _values(live.layers, positions))
        for positions in by_digest.values()
        if len(positions) > 1
    ]


def _values(column: Sequence[int], positions: Sequence[int]) -> tuple[int, ...]:
    return tuple(column[position] for position in positions)
