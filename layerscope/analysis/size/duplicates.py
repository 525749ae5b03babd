"""Live duplicates: the same bytes at several paths of the final image. Hard links to one file are no duplicates."""

from collections.abc import Sequence
from typing import NamedTuple

from layerscope.analysis.content import Digests
from layerscope.analysis.size.live import LiveFiles

Group = tuple[int, ...]
"""Places among the live files, of equal size."""


class ReadingBudget(NamedTuple):
    """How much is read to find duplicates: so many files, and so many bytes of them."""

    files: int = 40_000
    size: int = 4_000_000_000


class DuplicateCandidates(NamedTuple):
    """Files that may be duplicates, for they are of equal size; ``left_out`` counts those that the budget left unread.

    ``left_out_size`` is what they could save at most, in bytes.
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
        """What all copies but one cost."""
        return self.size * (len(self.nodes) - 1)


def duplicate_candidates(live: LiveFiles, budget: ReadingBudget | None = None) -> DuplicateCandidates:
    """Return the groups of files of one size, those first that could save the most."""
    budget = budget or ReadingBudget()
    by_size: dict[int, list[int]] = {}
    for place, size in enumerate(live.sizes):
        by_size.setdefault(size, []).append(place)
    by_size.pop(0, None)
    collisions = [(size, places) for size, places in by_size.items() if len(places) > 1]
    collisions.sort(key=lambda each: (-each[0] * (len(each[1]) - 1), each[0]))
    groups: list[Group] = []
    files = read = left_out = left_out_size = 0
    for size, places in collisions:
        count = len(places)
        if files + count > budget.files or read + size * count > budget.size:
            left_out, left_out_size = left_out + count, left_out_size + size * (count - 1)
            continue
        groups.append(tuple(places))
        files, read = files + count, read + size * count
    return DuplicateCandidates(tuple(groups), left_out, left_out_size)


def find_duplicates(live: LiveFiles, groups: Sequence[Group], digests: Digests) -> tuple[Duplicate, ...]:
    """Return the duplicates among the candidates, those first that cost the most. What cannot be read is none."""
    found = [duplicate for group in groups for duplicate in _equal(live, group, digests)]
    return tuple(sorted(found, key=lambda each: (-each.saves, each.nodes)))


def _equal(live: LiveFiles, group: Group, digests: Digests) -> list[Duplicate]:
    by_digest: dict[bytes, list[int]] = {}
    for place in group:
        digest = digests.get(live.occurrences[place])
        if digest is not None:
            by_digest.setdefault(digest, []).append(place)
    return [
        Duplicate(live.sizes[group[0]], _column(live.nodes, places), _column(live.layers, places))
        for places in by_digest.values()
        if len(places) > 1
    ]


def _column(column: Sequence[int], places: Sequence[int]) -> tuple[int, ...]:
    return tuple(column[place] for place in places)
