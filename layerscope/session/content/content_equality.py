"""Equality of the content of files that have the same size, found by reading as little as possible."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from layerscope.analysis.content import Digests
from layerscope.model.content_facts import WHOLE
from layerscope.session.content.content_reader import ContentReader

_PREFIX = 4096
"""Files of plain layers whose first bytes differ are not read further than this."""


def compare(reader: ContentReader, files: Iterable[int], prefixes: Mapping[int, int]) -> Digests:
    """Return digests of files, given by occurrence, that are equal if and only if two files of the same size are.

    Of plain layers, only what decides is read. So many first bytes of the files in ``prefixes`` are read in the same
    pass, because a compressed layer is decompressed once, and are known after that.
    """
    wanted, plain = dict[int, int](), list[Sequence[int]]()
    for size, group in _by_size(reader, files).items():
        is_plain = size > _PREFIX and not any(map(reader.is_compressed, group))
        if is_plain:
            plain.append(group)
        wanted |= dict.fromkeys(group, _PREFIX if is_plain else WHOLE)
    first, _ = reader.read(wanted, prefixes)
    undecided = {file: WHOLE for group in plain for file in _same_prefix(group, first)}
    second, _ = reader.read(undecided, {})
    decided = {file: digest for file, digest in first.items() if file not in undecided}
    return {**decided, **second}


def _by_size(reader: ContentReader, files: Iterable[int]) -> dict[int, list[int]]:
    groups, distinct = dict[int, list[int]](), list(dict.fromkeys(files))
    for file, size in zip(distinct, reader.sizes(distinct), strict=True):
        groups.setdefault(size, []).append(file)
    return groups


def _same_prefix(group: Sequence[int], digests: Digests) -> Iterator[int]:
    """Yield the files of the group that share their first bytes with another one."""
    seen: dict[bytes, int] = {}
    for file in group:
        digest = digests.get(file)
        if digest is not None and (first := seen.setdefault(digest, file)) != file:
            yield from (first, file)
