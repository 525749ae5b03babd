"""Equality of the content of files that have the same size, found by reading as little as possible."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from layerscope.analysis.content import Digests
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.model.image import Compression, Image
from layerscope.session.loaded_image import LoadedImage

_PREFIX = 4096
"""Files of plain layers whose first bytes differ are not read further than this."""


class ContentEquality(NamedTuple):
    """Digests that are equal if and only if two files of the same size are; and the first bytes of some files."""

    digests: Digests
    prefixes: Mapping[int, bytes]


def compare(loaded: LoadedImage, files: Iterable[int], prefixes: Iterable[Mapping[int, int]]) -> ContentEquality:
    """Compare the files, given by occurrence, that have the same size, and read ``prefixes`` of so many bytes.

    Of plain layers, only what decides is read; a compressed layer is decompressed once.
    """
    image, tree = loaded.image, loaded.tree
    first, plain = loaded.contents.start_pass(), list[Sequence[int]]()
    for sizes in prefixes:
        first.want_prefixes(sizes)
    for size, group in _by_size(tree, files).items():
        is_plain = size > _PREFIX and all(_is_plain(image, tree, file) for file in group)
        if is_plain:
            plain.append(group)
            first.want_digests(group, _PREFIX)
        else:
            first.want_digests(group)
    result = first.read()
    undecided = {file for group in plain for file in _same_prefix(group, result.digests)}
    decided = {file: digest for file, digest in result.digests.items() if file not in undecided}
    whole = {file: digest for file, digest in loaded.contents.digests(undecided).items() if digest is not None}
    return ContentEquality({**decided, **whole}, result.prefixes)


def _by_size(tree: LayeredTree, files: Iterable[int]) -> dict[int, list[int]]:
    groups: dict[int, list[int]] = {}
    for file in dict.fromkeys(files):
        groups.setdefault(tree.own_size(file), []).append(file)
    return groups


def _is_plain(image: Image, tree: LayeredTree, file: int) -> bool:
    return image.layers[tree.index.layers[file] - 1].compression is Compression.NONE


def _same_prefix(group: Sequence[int], digests: Digests) -> Iterator[int]:
    """Yield the files of the group that share their first bytes with another one."""
    seen: dict[bytes, int] = {}
    for file in group:
        digest = digests.get(file)
        if digest is not None and (first := seen.setdefault(digest, file)) != file:
            yield from (first, file)
