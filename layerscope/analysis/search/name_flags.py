"""Flags of the names that hold a text, found in all names as the one text that they are stored in.

`bytes.replace` and `bytes.translate` take a few ns for each letter of a name; a call for each name takes 100 ns.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from layerscope.analysis.tree.flags import both, byte_flags
from layerscope.analysis.tree.path_index import PathIndex

_NODES_A_BATCH = 1 << 14
_SEPARATOR, _FOUND = b"/", b"\0"
_OTHERS = bytes(set(range(256)).difference(_SEPARATOR + _FOUND))
_IS_FOUND = byte_flags((1).__eq__)


class NamePart(Struct, frozen=True):
    """A text without a slash that a name holds: anywhere, at its ``start``, at its ``end``, or as the whole name."""

    text: bytes
    start: bool = False
    end: bool = False


def searched_names(index: PathIndex, *, ignore_case: bool) -> Iterator[tuple[range, bytes]]:
    """Yield all nodes but the root in batches, with a slash before and after each name; in lower case to ignore it.

    All names in lower case at once would double their memory.
    """
    for first in range(1, len(index), _NODES_A_BATCH):
        nodes = range(first, min(first + _NODES_A_BATCH, len(index)))
        names = index.names_of(nodes.start, nodes.stop)
        yield nodes, b"/%b/" % (names.lower() if ignore_case else names)


def name_flags(names: bytes, count: int, parts: Iterable[NamePart]) -> bytes:
    """Flag the names that have all of the parts, given ``count`` names with a slash before and after each."""
    flags = b"\1" * count
    for part in parts:
        found = _replaced(names, part)
        flags = both(flags, _flags(found)) if _FOUND in found else bytes(count)
    return flags


def _replaced(names: bytes, part: NamePart) -> bytes:
    """Return the names with a zero byte, which none of them has, in place of a part."""
    if len(part.text) == 1 and not (part.start or part.end):
        # a pass for the letter alone would take longer than all others
        return names.translate(bytes.maketrans(part.text, _FOUND), _OTHERS.replace(part.text, b""))
    before, after = _SEPARATOR * part.start, _SEPARATOR * part.end
    sought, found = before + part.text + after, before + _FOUND + after
    # which takes two thirds of the time of `bytes.replace`, which searches twice
    names = found.join(names.split(sought))
    # the slash between two names was taken for the first one only
    return names.replace(sought, found) if part.start and part.end else names


def _flags(names: bytes) -> bytes:
    names = names.translate(None, _OTHERS)
    while _FOUND + _FOUND in names:
        names = names.replace(_FOUND + _FOUND, _FOUND)
    return names[1:].replace(_FOUND + _SEPARATOR, b"\1").translate(_IS_FOUND)
