"""Digests of the files of a compressed tar, taken from its bytes while they are decompressed for the walk.

A second pass for them would decompress everything again, which takes three times as long as to hash it.
"""

from collections import deque
from collections.abc import Iterable
from hashlib import sha256
from mmap import mmap

from layerscope.model.entries import NO_DIGEST, Kind, LayerEntries

_EMPTY = sha256().digest()

_MARKS = 65_521
"""The marks of sizes; with a prime number of them, the round sizes that are common share few."""


class HashedSizes:
    """The sizes of the files to hash: all, until `limit` is called. Forked processes see the same.

    Some other sizes count as well after that: they share a mark with one that was given.
    """

    def __init__(self) -> None:
        self._marks = mmap(-1, _MARKS + 1)

    def limit(self, sizes: Iterable[int]) -> None:
        """Leave out all sizes but these."""
        for size in sizes:
            self._marks[size % _MARKS] = 1
        # last, because a process may look at any moment
        self._marks[_MARKS] = 1

    def __contains__(self, size: int) -> bool:
        return not self._marks[_MARKS] or bool(self._marks[size % _MARKS])


class FileDigests:
    """Adds the digest of each regular file of the ``sizes`` to ``entries.digests``, once all of its bytes have passed.

    The walk adds a row before the bytes that follow its header are dropped. Other rows, and sparse files, whose bytes
    are not all in the tar, have `NO_DIGEST`.
    """

    def __init__(self, entries: LayerEntries, sizes: HashedSizes) -> None:
        self._entries = entries
        self._sizes = sizes
        self._table = entries.table
        self._rows = 0
        self._waiting: deque[tuple[int, int] | bytes] = deque()
        """The start and the end of files, in the order of rows, and what other rows have in place of a digest."""
        self._hasher = sha256()
        self._reached = 0

    def take(self, chunk: bytes, start: int) -> None:
        """Hash the bytes of files in a chunk that starts at an offset of the tar, before the next chunk comes."""
        self._add_rows()
        waiting, end = self._waiting, start + len(chunk)
        with memoryview(chunk) as view:
            while waiting:
                span = waiting[0]
                if isinstance(span, bytes):
                    self._entries.digests += span
                    waiting.popleft()
                    continue
                low, high = max(span[0], self._reached), min(span[1], end)
                if high <= low:
                    return
                if low < start:
                    # never by this walk; a digest of other bytes would be worse than none
                    waiting[0] = NO_DIGEST
                    continue
                self._hasher.update(view[low - start : high - start])
                self._reached = high
                if high < span[1]:
                    return
                self._entries.digests += self._hasher.digest()
                self._hasher = sha256()
                waiting.popleft()

    def _add_rows(self) -> None:
        """Note the rows that the walk has added. Its caller may have taken the table, and left a new one."""
        table = self._entries.table
        if table is not self._table:
            self._table, self._rows = table, 0
        for row in range(self._rows, len(table)):
            size, offset = table.sizes[row], table.data_offsets[row]
            if table.kinds[row] != Kind.FILE or row in table.sparse or size not in self._sizes:
                self._waiting.append(NO_DIGEST)
            else:
                self._waiting.append((offset, offset + size) if size else _EMPTY)
        self._rows = len(table)
