"""The sizes of the groups of files in an image.

Paths decide if they leave no doubt, else the first bytes of a file: the large files first, and within a budget.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import compress
from typing import NamedTuple

from layerscope.analysis.content import ContentNeed, ImageFiles, Prefixes
from layerscope.analysis.file_types.by_path import TYPES_OF_FOLDERS, type_of_extension, type_of_folder, type_of_name
from layerscope.analysis.file_types.by_prefix import type_of_mime, type_of_prefix
from layerscope.analysis.file_types.file_type import FileType
from layerscope.analysis.size.live import LiveFiles
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.tree_state import NodePaths
from layerscope.model.columns import picked

PREFIX_SIZE = 2048
"""The number of first bytes that decide the type of a file."""

Mime = Callable[[bytes], str | None]
"""A function from first bytes to a MIME type, or None if it is unknown."""


class LookBudget(NamedTuple):
    """The number of files whose bytes are read for their type, and of those that libmagic may decide, at 1 ms each.

    A file must be at least one part in ``mime_share`` of the image for libmagic, because importing it takes 50 ms.
    """

    files: int = 5_000
    mimes: int = 100
    mime_share: int = 1_000


class TypesByPath(NamedTuple):
    """The types of live files by their paths; ``unsure`` are the positions of the others, largest first."""

    types: tuple[FileType | None, ...]
    unsure: tuple[int, ...]


class TypeSize(NamedTuple):
    """The size of all files of one type together, in bytes."""

    type: FileType
    size: int
    files: int


class FileTypes(NamedTuple):
    """The type of each live file, by its position; ``left_out``: the number of files that the budget left unread."""

    types: tuple[FileType, ...]
    sizes: tuple[TypeSize, ...]
    left_out: int


def types_by_path(tree: LayeredTree, live: LiveFiles) -> TypesByPath:
    """Return the types of the live files by their paths; empty files are never unsure."""
    index, paths = tree.index, NodePaths(tree.index)
    names = picked(index.names.split(b"/"), live.nodes)
    types = list(map(type_of_extension, names))
    for position in [position for position, kind in enumerate(types) if kind is None]:
        types[position] = type_of_name(names[position], paths(index.parents[live.nodes[position]]))
    for folder, kind in TYPES_OF_FOLDERS.items():
        node = index.find(folder)
        if node is not None:
            below = live.below(node + 1, index.ends[node])
            types[below.start : below.stop] = [kind] * len(below)
    unsure = [position for position, kind in enumerate(types) if kind is None and live.sizes[position]]
    unsure.sort(key=live.sizes.__getitem__, reverse=True)
    return TypesByPath(tuple(types), tuple(unsure))


def types_need(
    by_path: Callable[[LayeredTree, LiveFiles], TypesByPath] = types_by_path, budget: LookBudget | None = None
) -> ContentNeed:
    """Return the need of the first bytes of files whose path does not decide; ``by_path`` may know these."""

    def of_image(files: ImageFiles) -> Mapping[int, int]:
        unsure = by_path(files.tree, files.live).unsure[: (budget or LookBudget()).files]
        return {files.live.occurrences[position]: PREFIX_SIZE for position in unsure}

    return ContentNeed(_needed_of_file, of_image)


def _needed_of_file(path: bytes, size: int) -> int:
    folder, _, name = path.rpartition(b"/")
    return PREFIX_SIZE if size and (type_of_folder(folder) or type_of_name(name, folder)) is None else 0


def file_types(
    live: LiveFiles, by_path: TypesByPath, prefixes: Prefixes, mime: Mime, budget: LookBudget | None = None
) -> FileTypes:
    """Return the types of the files that the final image shows, the largest first; empty files do not count."""
    budget = budget or LookBudget()
    types = list(by_path.types)
    for position, kind in _by_content(live, by_path.unsure[: budget.files], prefixes, mime, budget):
        types[position] = kind
    settled = tuple(kind or FileType.UNKNOWN for kind in types)
    return FileTypes(settled, _type_sizes(live, settled), max(0, len(by_path.unsure) - budget.files))


def _by_content(
    live: LiveFiles, positions: Iterable[int], prefixes: Prefixes, mime: Mime, budget: LookBudget
) -> Iterator[tuple[int, FileType]]:
    occurrences = {position: live.occurrences[position] for position in positions}
    contents, mimes = prefixes(list(occurrences.values()), PREFIX_SIZE), budget.mimes
    worth_it = sum(live.sizes) // budget.mime_share
    for position, occurrence in occurrences.items():
        prefix = contents.get(occurrence)
        if prefix is None:
            continue
        kind = type_of_prefix(prefix)
        if kind is None and mimes > 0 and live.sizes[position] >= worth_it:
            mimes -= 1
            kind = type_of_mime(mime(prefix))
        if kind is not None:
            yield position, kind


def _type_sizes(live: LiveFiles, types: Sequence[FileType]) -> tuple[TypeSize, ...]:
    counts = Counter(compress(types, live.sizes))
    sizes = dict.fromkeys(counts, 0)
    for size, kind in zip(live.sizes, types, strict=True):
        if size:
            sizes[kind] += size
    type_sizes = [TypeSize(kind, size, counts[kind]) for kind, size in sizes.items()]
    return tuple(sorted(type_sizes, key=lambda row: (-row.size, row.type)))
