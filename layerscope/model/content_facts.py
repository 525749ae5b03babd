"""Facts about the content of files that need not be read again."""

import sys
from array import array
from collections.abc import Callable
from itertools import accumulate
from typing import NamedTuple, Protocol

from msgspec import Struct, field

from layerscope.model.columns import Buffer, Ints, column, columns_from, columns_of

DIGEST_SIZE = 32
NO_DIGEST = bytes(DIGEST_SIZE)
"""In place of the digest of a row that has none."""

WHOLE = sys.maxsize
"""In place of a number of first bytes: all of a file."""

STORED = -1
"""In place of a number of bytes: the digest covers what is stored of a file that may have holes."""


FirstBytes = Callable[[bytes, int], int]
"""A function that returns how many first bytes to keep of a file, given its path and its size."""


class HashedFiles(Protocol):
    """The sizes of the files to hash."""

    def __contains__(self, size: int, /) -> bool:
        """Return whether files of a size are to be hashed."""


class ContentNeeds(NamedTuple):
    """The files whose digests will be needed, and the number of first bytes to keep of each file."""

    hashed: HashedFiles
    first_bytes: FirstBytes


class _Columns(Struct):
    """The facts as columns: one row for each digest of a part, and one for each prefix with its end in ``prefixes``."""

    digests: bytearray = column(bytearray)
    part_rows: Ints = column("I")
    part_sizes: Ints = column("q")
    part_digests: bytes = column(bytes)
    prefix_rows: Ints = column("I")
    prefix_ends: Ints = column("Q")
    prefixes: bytes = column(bytes)


class ContentFacts(Struct):
    """Digests and first bytes of the files of one layer, by row.

    ``digests`` has the digest of each whole file, or `NO_DIGEST`; those of the last rows may be missing. The digests of
    parts are by row and by the number of first bytes that they cover, or `STORED`. ``asked`` are the rows whose prefix
    was asked for: a later run will ask for the same.
    """

    digests: bytearray = field(default_factory=bytearray)
    part_digests: dict[tuple[int, int], bytes] = field(default_factory=dict)
    prefixes: dict[int, bytes] = field(default_factory=dict)
    asked: set[int] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.digests or self.part_digests or self.prefixes)

    def add_digest(self, row: int, hashed: int, size: int, digest: bytes) -> None:
        """Add the digest of the first ``hashed`` bytes of a file of this size, or of what is `STORED` of it."""
        if hashed != size:
            self.part_digests[row, hashed] = digest
            return
        start = row * DIGEST_SIZE
        if len(self.digests) < start:
            self.digests.extend(bytes(start - len(self.digests)))
        self.digests[start : start + DIGEST_SIZE] = digest

    def prefix(self, row: int, size: int) -> bytes | None:
        """Return the first ``size`` bytes of a file, or None if fewer are known."""
        prefix = self.prefixes.get(row)
        if prefix is None or len(prefix) < size:
            return None
        self.asked.add(row)
        return prefix[:size]

    def extend(self, following: "ContentFacts") -> None:
        """Add the facts of the rows that follow; their prefixes have the numbers that these rows have in the layer."""
        self.digests += following.digests
        self.prefixes |= following.prefixes

    def packed(self, *, all_prefixes: bool = True) -> list[Buffer]:
        """Return the facts as columns, of prefixes all or those that were asked for; other threads may add facts."""
        parts = list(self.part_digests.items())
        prefixes = [(row, prefix) for row, prefix in list(self.prefixes.items()) if all_prefixes or row in self.asked]
        columns = _Columns(
            self.digests[:],
            array("I", (row for (row, _), _ in parts)),
            array("q", (hashed for (_, hashed), _ in parts)),
            b"".join(digest for _, digest in parts),
            array("I", (row for row, _ in prefixes)),
            array("Q", accumulate(len(prefix) for _, prefix in prefixes)),
            b"".join(prefix for _, prefix in prefixes),
        )
        return list(columns_of(columns))

    @classmethod
    def unpacked(cls, buffers: list[bytes]) -> "ContentFacts":
        columns = _Columns(**columns_from(_Columns, buffers))
        digests = (
            columns.part_digests[at : at + DIGEST_SIZE] for at in range(0, len(columns.part_digests), DIGEST_SIZE)
        )
        parts = zip(zip(columns.part_rows, columns.part_sizes, strict=True), digests, strict=True)
        starts = [0, *columns.prefix_ends]
        prefixes = zip(columns.prefix_rows, starts, columns.prefix_ends, strict=False)
        return cls(
            columns.digests,
            dict(parts),
            {row: columns.prefixes[start:end] for row, start, end in prefixes},
        )
