"""Equality of the content of files that have the same size, found by reading as little as possible."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from layerscope.analysis.content import Digests
from layerscope.session.content.content_pass import ContentPass
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
    return compare_in(loaded.contents.start_pass, files, prefixes)


def compare_in(
    start_pass: Callable[[], ContentPass], files: Iterable[int], prefixes: Iterable[Mapping[int, int]] = ()
) -> ContentEquality:
    """Compare the files as `compare` does, in passes over the content that the function starts."""
    first, plain = start_pass(), list[Sequence[int]]()
    for sizes in prefixes:
        first.want_prefixes(sizes)
    for size, group in _by_size(first, files).items():
        is_plain = size > _PREFIX and not any(map(first.is_compressed, group))
        if is_plain:
            plain.append(group)
            first.want_digests(group, _PREFIX)
        else:
            first.want_digests(group)
    result, second = first.read(), start_pass()
    undecided = {file for group in plain for file in _same_prefix(group, result.digests)}
    second.want_digests(undecided)
    decided = {file: digest for file, digest in result.digests.items() if file not in undecided}
    return ContentEquality({**decided, **second.read().digests}, result.prefixes)


def _by_size(content_pass: ContentPass, files: Iterable[int]) -> dict[int, list[int]]:
    groups, distinct = dict[int, list[int]](), list(dict.fromkeys(files))
    for file, size in zip(distinct, content_pass.sizes(distinct), strict=True):
        groups.setdefault(size, []).append(file)
    return groups


def _same_prefix(group: Sequence[int], digests: Digests) -> Iterator[int]:
    """Yield the files of the group that share their first bytes with another one."""
    seen: dict[bytes, int] = {}
    for file in group:
        digest = digests.get(file)
        if digest is not None and (first := seen.setdefault(digest, file)) != file:
            yield from (first, file)
