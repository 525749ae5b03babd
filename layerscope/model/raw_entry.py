"""One entry of a tar down to its bytes, for the question of why two layers with the same files have two digests."""

from collections.abc import Hashable
from enum import StrEnum
from typing import NamedTuple


class TarAspect(StrEnum):
    """A part of a tar entry that makes another digest; those up to ``DEVICE`` also make another file."""

    CONTENT = "content"
    KIND = "kind"
    LINK = "link"
    MODE = "mode"
    OWNER = "owner"
    XATTRS = "xattrs"
    DEVICE = "device"
    MTIME = "mtime"
    ATIME = "atime"
    CTIME = "ctime"
    OWNER_NAMES = "owner-names"
    PAX = "pax"
    UNUSED_DEVICES = "devices"
    FORMAT = "format"


ASPECTS = tuple(TarAspect)
FILE_ASPECTS = frozenset(ASPECTS[: ASPECTS.index(TarAspect.DEVICE) + 1])


class RawEntry(NamedTuple):
    """An entry with a value for each of `ASPECTS`, and with all blocks of headers: equal values are equal bytes.

    The last one has no ``path``: what follows the entries, its size, its digest, and whether it only fills a record.
    """

    path: bytes | None
    aspects: tuple[Hashable, ...]
