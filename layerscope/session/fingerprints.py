"""Tells which files of equal size hold the same bytes, reading as little as that takes."""

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence

from layerscope.analysis.content import Digests
from layerscope.analysis.layered_tree import LayeredTree
from layerscope.model.image import Compression, Image
from layerscope.session.contents import Contents
from layerscope.session.heads import read_heads

_HEAD = 4096
"""Files of plain layers are told apart by so many first bytes where these differ, without reading on."""


def fingerprints(image: Image, tree: LayeredTree, contents: Contents, groups: Iterable[Sequence[int]]) -> Digests:
    """Return, for files by occurrence in groups of one size each, what is equal for equal bytes within a group.

    Plain layers are read where it matters only; a compressed one is passed through once, beside the others.
    """
    plain: list[Sequence[int]] = []
    wanted: set[int] = set()
    for group in groups:
        if all(_compression(image, tree, file) is Compression.NONE for file in group):
            plain.append(group)
        else:
            wanted.update(group)
    heads = read_heads(image, tree, {file for group in plain for file in group}, _HEAD)
    found = {file: None if head is None else hashlib.sha256(head).digest() for file, head in heads.items()}
    for group in plain:
        if _size(tree, group[0]) > _HEAD:
            wanted.update(_alike(group, found))
    return {**found, **_whole(image, tree, contents, wanted)}


def _compression(image: Image, tree: LayeredTree, file: int) -> Compression | None:
    return image.layers[tree.index.layers[file] - 1].compression


def _size(tree: LayeredTree, file: int) -> int:
    return tree.tables[tree.index.layers[file]].sizes[tree.index.rows[file]]


def _alike(group: Sequence[int], heads: Digests) -> Iterator[int]:
    """Yield the files of the group whose first bytes another one of it has too."""
    firsts: dict[bytes | None, int] = {}
    for file in group:
        first = firsts.setdefault(heads[file], file)
        if first != file:
            yield from (first, file)


def _whole(image: Image, tree: LayeredTree, contents: Contents, files: Iterable[int]) -> Digests:
    """Return digests of whole files; compressed layers are read side by side."""
    by_layer: dict[int, list[int]] = {}
    for file in files:
        by_layer.setdefault(tree.index.layers[file], []).append(file)
    compressed = [layer for layer in by_layer if image.layers[layer - 1].compression is not Compression.NONE]
    if len(compressed) < 2:  # noqa: PLR2004  # nothing to read side by side
        return contents.digests(file for layer in by_layer.values() for file in layer)
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  # 5 ms, that plain layers do without

    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        found: dict[int, bytes | None] = {}
        for digests in pool.map(contents.digests, by_layer.values()):
            found |= digests
        return found
