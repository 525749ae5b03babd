"""Live duplicates: the same bytes at several paths of the final image; hard links to one file are not duplicates."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import compress, count
from typing import NamedTuple

from layerscope.analysis.content import Digests
from layerscope.analysis.size.live import LiveFiles
from layerscope.analysis.tree.overlay import Overlay
from layerscope.model.columns import picked
from layerscope.model.entries import Kind

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


_FILE = int(Kind.FILE)
"""To compare with a column."""


def compared_files(overlay: Overlay) -> Iterator[int]:
    """Yield the occurrences of the files whose bytes a size report is likely to compare, some of them twice.

    Those are files of equal size that the final image shows, and files that were written again in the same size.
    """
    rows, layers = overlay.rows, overlay.layers
    kinds = {layer: table.kinds for layer, table in overlay.tables.items()}
    sizes = {layer: table.sizes for layer, table in overlay.tables.items()}

    def sizes_of(occurrences: Sequence[int]) -> list[int]:
        """Return the sizes of files; 0 for everything else."""
        columns = picked(rows, occurrences), picked(layers, occurrences)
        return [
            sizes[layer][row] if row >= 0 and kinds[layer][row] == _FILE else 0
            for row, layer in zip(*columns, strict=True)
        ]

    for group in duplicate_candidates(sizes_of(overlay.current)).groups:
        yield from (overlay.current[path] for path in group)
    hiding, hidden = overlay.hiding_occurrences, picked(overlay.befores, overlay.hiding_occurrences)
    for size, new_size, *pair in zip(sizes_of(hidden), sizes_of(hiding), hidden, hiding, strict=True):
        if size == new_size > 0:
            yield from pair
