"""The bytes of files as analysis asks for them and gets them: it reads none itself."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from layerscope.analysis.search.path_patterns import PathMatcher

if TYPE_CHECKING:
    from layerscope.analysis.size.live import LiveFiles
    from layerscope.analysis.tree.layered_tree import LayeredTree

Digests = Mapping[int, bytes]
"""By the occurrence of a file: values that are equal if the bytes are; files that cannot be read are missing."""

Prefixes = Callable[[Sequence[int], int], Mapping[int, bytes | None]]
"""A function of occurrences of files and a number that returns that many first bytes of each; None if unreadable."""


class ImageFiles(NamedTuple):
    """The files of an image, and the instruction of each layer if it is known."""

    tree: "LayeredTree"
    live: "LiveFiles"
    instructions: Mapping[int, str | None]


class ContentNeed(NamedTuple):
    """The first bytes of files that a rule reads, named before it runs, so that one pass reads them for all rules.

    ``of_file`` returns how many of a file are needed by its path and size, while layers are listed; ``of_image`` has
    the number by occurrence, once it is known which files are live. With ``patterns``, ``of_file`` returns 0 for each
    path that matches none of them.
    """

    of_file: Callable[[bytes, int], int]
    of_image: Callable[[ImageFiles], Mapping[int, int]]
    patterns: tuple[str, ...] | None = None


def needed_of_file(needs: Iterable[ContentNeed]) -> Callable[[bytes, int], int]:
    """Return a function of the path and the size of a file that returns how many of its first bytes are needed."""
    needs = tuple(needs)
    # asked for each file of a layer: one look at the path answers for most files and most rules
    matcher = PathMatcher(pattern for need in needs for pattern in need.patterns or ())
    of_any = [need.of_file for need in needs if need.patterns is None]
    of_all = [need.of_file for need in needs]

    def needed(path: bytes, size: int) -> int:
        asked = of_all if matcher.may_match(path) else of_any
        return max([of_file(path, size) for of_file in asked], default=0) if asked else 0

    return needed


def needed_of_image(needs: Iterable[ContentNeed], files: ImageFiles) -> dict[int, int]:
    """Return how many first bytes of files are needed, by occurrence."""
    needed: dict[int, int] = {}
    for need in needs:
        needed |= {file: max(size, needed.get(file, 0)) for file, size in need.of_image(files).items()}
    return needed
