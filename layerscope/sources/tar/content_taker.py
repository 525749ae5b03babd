"""Digests and first bytes of the files of a compressed tar, taken while it is decompressed for the walk.

A second pass for them would decompress everything again, which takes three times as long as to hash it.
"""

import sys
from collections import deque
from collections.abc import Iterable
from mmap import mmap
from typing import NamedTuple

from layerscope.model.content_facts import NO_DIGEST, ContentNeeds
from layerscope.model.entries import Kind, LayerEntries
from layerscope.sources.tar.file_hash import FileHash, digest_of, file_hash

_EMPTY = digest_of(b"")

_FLAGS = 65_521
"""The flags of sizes; with a prime number of them, the round sizes that are common share few."""

_MOST_KEPT = 32 * 1024 * 1024
"""First bytes that are kept of all files of a layer; a later pass reads those that are left out."""


class HashedSizes:
    """The sizes of the files to hash: all up to the ``largest``, until `limit` is called.

    Forked processes see the same. Some other sizes count as well after that: they share a flag with one that was given.
    """

    def __init__(self, largest: int = sys.maxsize) -> None:
        self._largest = largest
        self._flags = mmap(-1, _FLAGS + 1)

    def limit(self, sizes: Iterable[int]) -> None:
        for size in sizes:
            self._flags[size % _FLAGS] = 1
        # last, because a process may look at any moment
        self._flags[_FLAGS] = 1

    def __contains__(self, size: int) -> bool:
        return size <= self._largest and (not self._flags[_FLAGS] or bool(self._flags[size % _FLAGS]))


class _Span(NamedTuple):
    """The position of a file in the tar, and what to take of it."""

    start: int
    end: int
    is_hashed: bool
    kept: int


class ContentTaker:
    """Adds what is needed of each regular file to ``entries.content``, once all of its bytes have passed.

    The walk adds a row before the bytes that follow its header are dropped. Nothing is taken of other rows, nor of
    sparse files, whose bytes are not all in the tar.
    """

    def __init__(self, entries: LayerEntries, needs: ContentNeeds) -> None:
        self._entries = entries
        self._needs = needs
        self._table = entries.table
        self._rows = 0
        self._waiting: deque[_Span | bytes] = deque()
        """The files that have not passed, in the order of rows, and what other rows have in place of a digest."""
        self._passed = 0
        """The rows of the layer that have passed."""
        self._kept_left = _MOST_KEPT
        self._hash: FileHash | None = None
        self._prefix = b""
        self._reached = 0

    def take(self, chunk: bytes, start: int) -> None:
        """Take what is needed of a chunk that starts at an offset of the tar, before the next chunk comes."""
        self._add_rows()
        waiting, end = self._waiting, start + len(chunk)
        with memoryview(chunk) as view:
            while waiting:
                span = waiting[0]
                if isinstance(span, bytes):
                    self._pass_row(span)
                    continue
                if start <= span.start and span.end <= end:
                    self._take_whole(span, view[span.start - start : span.end - start])
                    continue
                low, high = max(span.start, self._reached), min(span.end, end)
                if high <= low:
                    return
                if low < start:
                    # never by this walk; facts about other bytes would be worse than none
                    waiting[0] = NO_DIGEST
                    continue
                self._take_part(span, view[low - start : high - start])
                self._reached = high
                if high < span.end:
                    return
                self._end_file(span)

    def _take_whole(self, span: _Span, data: memoryview) -> None:
        """Take what is needed of a file that is in one chunk, as most are."""
        if span.kept:
            self._entries.content.prefixes[self._passed] = bytes(data[: span.kept])
        self._pass_row(digest_of(data) if span.is_hashed else NO_DIGEST)

    def _take_part(self, span: _Span, part: memoryview) -> None:
        if span.is_hashed:
            self._hash = self._hash or file_hash(span.end - span.start)
            self._hash.update(part)
        if len(self._prefix) < span.kept:
            self._prefix += part[: span.kept - len(self._prefix)]

    def _end_file(self, span: _Span) -> None:
        if span.kept:
            self._entries.content.prefixes[self._passed] = self._prefix
            self._prefix = b""
        digest, self._hash = self._hash.digest() if self._hash else NO_DIGEST, None
        self._pass_row(digest)

    def _pass_row(self, digest: bytes) -> None:
        self._entries.content.digests += digest
        self._passed += 1
        self._waiting.popleft()

    def _add_rows(self) -> None:
        """Note the rows that the walk has added. Its caller may have taken the table, and left a new one."""
        table = self._entries.table
        if table is not self._table:
            self._table, self._rows = table, 0
        paths = self._entries.paths.last(len(table) - self._rows)
        for row, path in enumerate(paths, self._rows):
            is_file = table.kinds[row] == Kind.FILE and row not in table.sparse
            self._waiting.append(self._needed_of(row, path) if is_file else NO_DIGEST)
        self._rows = len(table)

    def _needed_of(self, row: int, path: bytes) -> _Span | bytes:
        """Return what is needed of the file of a row, or what it has in place of a digest."""
        size, start = self._table.sizes[row], self._table.data_offsets[row]
        first_bytes = self._needs.first_bytes(path, size)
        if not size:
            if first_bytes:
                self._entries.content.prefixes[self._passed + len(self._waiting)] = b""
            return _EMPTY
        kept = min(size, self._kept_left, first_bytes)
        self._kept_left -= kept
        is_hashed = size in self._needs.hashed
        return _Span(start, start + size, is_hashed, kept) if is_hashed or kept else NO_DIGEST
