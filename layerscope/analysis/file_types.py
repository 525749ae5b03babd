"""What kinds of files an image is made of, in groups that people understand.

Names decide where they are sure; for the other files the first bytes do, the big ones first and within a budget.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from layerscope.analysis.content import Heads
from layerscope.analysis.file_type import FileType
from layerscope.analysis.file_type_heads import type_of_head, type_of_mime
from layerscope.analysis.file_type_names import type_of_path
from layerscope.analysis.layered_tree import LayeredTree
from layerscope.analysis.live import LiveFiles
from layerscope.analysis.node_paths import NodePaths

HEAD_SIZE = 2048
"""How much of a file is looked at: bytes."""

Mime = Callable[[bytes], str | None]
"""From first bytes to a MIME type, None where that cannot be told."""


@dataclass(frozen=True, slots=True)
class LookBudget:
    """How many files are looked into for their type, and how many of those are put to libmagic (1 ms each)."""

    files: int = 5_000
    mimes: int = 100


@dataclass(frozen=True, slots=True)
class TypeWeight:
    """What all files of one type weigh together, in bytes."""

    type: FileType
    size: int
    files: int


@dataclass(frozen=True, slots=True)
class FileTypes:
    """The type of each live file, by its place among them; ``left_out``: how many the budget kept from a look."""

    types: tuple[FileType, ...]
    weights: tuple[TypeWeight, ...]
    left_out: int


def file_types(
    tree: LayeredTree, live: LiveFiles, heads: Heads, mime: Mime, budget: LookBudget | None = None
) -> FileTypes:
    """Return the types of the files that the final image shows, the heaviest first; empty files are of no account."""
    budget = budget or LookBudget()
    types = [type_of_path(path) for path in map(NodePaths(tree.index), live.nodes)]
    unsure = [place for place, found in enumerate(types) if found is None and live.sizes[place]]
    unsure.sort(key=lambda place: (-live.sizes[place], place))
    for place, found in _looked_into(live, unsure[: budget.files], heads, mime, budget.mimes):
        types[place] = found
    settled = tuple(found or FileType.UNKNOWN for found in types)
    return FileTypes(settled, _weights(live, settled), max(0, len(unsure) - budget.files))


def _looked_into(
    live: LiveFiles, places: Iterable[int], heads: Heads, mime: Mime, mimes: int
) -> Iterable[tuple[int, FileType]]:
    occurrences = {place: live.occurrences[place] for place in places}
    found = heads(list(occurrences.values()), HEAD_SIZE)
    for place, occurrence in occurrences.items():
        head = found.get(occurrence)
        if head is None:
            continue
        known = type_of_head(head)
        if known is None and mimes > 0:
            mimes -= 1
            known = type_of_mime(mime(head))
        if known is not None:
            yield place, known


def _weights(live: LiveFiles, types: Iterable[FileType]) -> tuple[TypeWeight, ...]:
    sizes: dict[FileType, int] = {}
    counts: dict[FileType, int] = {}
    for size, found in zip(live.sizes, types, strict=True):
        if size:
            sizes[found] = sizes.get(found, 0) + size
            counts[found] = counts.get(found, 0) + 1
    weights = [TypeWeight(found, size, counts[found]) for found, size in sizes.items()]
    return tuple(sorted(weights, key=lambda each: (each.type is FileType.UNKNOWN, -each.size, each.type)))
