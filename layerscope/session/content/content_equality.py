"""Tells which files of equal size hold the same bytes, reading as little as that takes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from layerscope.analysis.content import Digests
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.model.image import Compression, Image
from layerscope.session.content.content_pass import ContentPass
from layerscope.session.loaded_image import LoadedImage

_HEAD = 4096
"""Files of plain layers are told apart by so many first bytes where these differ, without reading on."""


class ContentEquality(NamedTuple):
    """``digests``, among files of one size, are equal for equal bytes; ``prefixes`` were asked for beside them."""

    digests: Digests
    prefixes: Mapping[int, bytes]


def compare(loaded: LoadedImage, files: Iterable[int], prefixes: Iterable[Mapping[int, int]]) -> ContentEquality:
    """Compare those of the files, given by occurrence, that are of one size; and read prefixes of so many bytes.

    Plain layers are read where it matters only; a compressed one is passed through once.
    """
    image, tree = loaded.image, loaded.tree
    first, plain = ContentPass(image, tree), list[Sequence[int]]()
    for sizes in prefixes:
        first.want_heads(sizes)
    for size, group in _by_size(tree, files).items():
        is_plain = size > _HEAD and all(_is_plain(image, tree, file) for file in group)
        if is_plain:
            plain.append(group)
            first.want_digests(group, _HEAD)
        else:
            first.want_digests(group)
    found = first.read()
    alike = {file for group in plain for file in _alike(group, found.digests)}
    told_apart = {file: digest for file, digest in found.digests.items() if file not in alike}
    whole = {file: digest for file, digest in loaded.contents.digests(alike).items() if digest is not None}
    return ContentEquality({**told_apart, **whole}, found.prefixes)


def _by_size(tree: LayeredTree, files: Iterable[int]) -> dict[int, list[int]]:
    groups: dict[int, list[int]] = {}
    for file in dict.fromkeys(files):
        groups.setdefault(tree.own_size(file), []).append(file)
    return groups


def _is_plain(image: Image, tree: LayeredTree, file: int) -> bool:
    return image.layers[tree.index.layers[file] - 1].compression is Compression.NONE


def _alike(group: Sequence[int], digests: Digests) -> Iterator[int]:
    """Yield the files of the group whose first bytes another one of it has too."""
    seen: dict[bytes, int] = {}
    for file in group:
        digest = digests.get(file)
        if digest is not None and (other := seen.setdefault(digest, file)) != file:
            yield from (other, file)
