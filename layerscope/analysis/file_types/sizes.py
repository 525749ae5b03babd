"""What kinds of files an image is made of, in groups that people understand.

Names decide where they are sure; for the other files the first bytes do, the big ones first and within a budget.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from layerscope.analysis.content import Prefixes
from layerscope.analysis.file_types.by_path import type_of_path
from layerscope.analysis.file_types.by_prefix import type_of_mime, type_of_prefix
from layerscope.analysis.file_types.file_type import FileType
from layerscope.analysis.size.live import LiveFiles
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.node_paths import NodePaths

PREFIX_SIZE = 2048
"""How much of a file is looked at: bytes."""

Mime = Callable[[bytes], str | None]
"""From first bytes to a MIME type, None where that cannot be told."""


class LookBudget(NamedTuple):
    """How many files are looked into for their type, and how many of those are put to libmagic, at 1 ms each.

    One that is not at least one part in ``mime_share`` of the image is not: to import libmagic takes 50 ms.
    """

    files: int = 5_000
    mimes: int = 100
    mime_share: int = 1_000


class TypesByPath(NamedTuple):
    """What paths tell of the types of live files, by place; ``unsure`` are the places of the others, biggest first."""

    types: tuple[FileType | None, ...]
    unsure: tuple[int, ...]


class TypeSize(NamedTuple):
    """What all files of one type weigh together, in bytes."""

    type: FileType
    size: int
    files: int


class FileTypes(NamedTuple):
    """The type of each live file, by its place among them; ``left_out``: how many the budget kept from a look."""

    types: tuple[FileType, ...]
    sizes: tuple[TypeSize, ...]
    left_out: int


def types_by_path(tree: LayeredTree, live: LiveFiles) -> TypesByPath:
    """Return what the paths of the live files tell; empty files need no look."""
    types = tuple(map(type_of_path, map(NodePaths(tree.index), live.nodes)))
    unsure = [place for place, found in enumerate(types) if found is None and live.sizes[place]]
    unsure.sort(key=live.sizes.__getitem__, reverse=True)
    return TypesByPath(types, tuple(unsure))


def types_wanted(live: LiveFiles, by_path: TypesByPath, budget: LookBudget | None = None) -> dict[int, int]:
    """Return which files, by occurrence, are looked into, and how many of their first bytes."""
    unsure = by_path.unsure[: (budget or LookBudget()).files]
    return {live.occurrences[place]: PREFIX_SIZE for place in unsure}


def file_types(
    live: LiveFiles, by_path: TypesByPath, prefixes: Prefixes, mime: Mime, budget: LookBudget | None = None
) -> FileTypes:
    """Return the types of the files that the final image shows, the heaviest first; empty files are of no account."""
    budget = budget or LookBudget()
    types = list(by_path.types)
    for place, found in _looked_into(live, by_path.unsure[: budget.files], prefixes, mime, budget):
        types[place] = found
    settled = tuple(found or FileType.UNKNOWN for found in types)
    return FileTypes(settled, _type_sizes(live, settled), max(0, len(by_path.unsure) - budget.files))


def _looked_into(
    live: LiveFiles, places: Iterable[int], prefixes: Prefixes, mime: Mime, budget: LookBudget
) -> Iterator[tuple[int, FileType]]:
    occurrences = {place: live.occurrences[place] for place in places}
    found, mimes = prefixes(list(occurrences.values()), PREFIX_SIZE), budget.mimes
    worth_it = sum(live.sizes) // budget.mime_share
    for place, occurrence in occurrences.items():
        head = found.get(occurrence)
        if head is None:
            continue
        known = type_of_prefix(head)
        if known is None and mimes > 0 and live.sizes[place] >= worth_it:
            mimes -= 1
            known = type_of_mime(mime(head))
        if known is not None:
            yield place, known


def _type_sizes(live: LiveFiles, types: Iterable[FileType]) -> tuple[TypeSize, ...]:
    sizes: dict[FileType, int] = {}
    counts: dict[FileType, int] = {}
    for size, found in zip(live.sizes, types, strict=True):
        if size:
            sizes[found] = sizes.get(found, 0) + size
            counts[found] = counts.get(found, 0) + 1
    of_types = [TypeSize(kind, size, counts[kind]) for kind, size in sizes.items()]
    return tuple(sorted(of_types, key=lambda each: (each.type is FileType.UNKNOWN, -each.size, each.type)))
