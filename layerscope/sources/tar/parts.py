"""The offsets at which a plain tar can be cut into parts, so that several processes walk it.

A header is recognized by its magic, its checksum, and by leading to another header. The content of a file can hold the
same, a tar for instance: whether there is a header is decided by the walk of the part before it.
"""

import os
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import closing

from layerscope.errors import InvalidLayer
from layerscope.model.entries import LayerEntries
from layerscope.model.image import FileSpan
from layerscope.sources.stream.compression import open_span
from layerscope.sources.tar.blocks import NEVER, TarPart
from layerscope.sources.tar.extended import EXTENDED_FLAGS
from layerscope.sources.tar.header import BLOCK, MAGIC, SIZE, TYPE_FLAG, has_valid_checksum, number, padded

_MAGIC = b"ustar"
_WINDOW = 256 * 1024
"""Bytes that are searched for a header from one offset on."""

_TRIES = 16
"""Offsets that are tried within a part, since the content of a large file has no header."""

_LONGEST_CHAIN = 8
"""Headers that are followed to find one that no extended header belongs to."""


def tar_parts(span: FileSpan, count: int) -> list[TarPart]:
    """Return at most ``count`` parts of about equal size that a plain tar can be walked in."""
    starts = [0]
    try:
        with closing(_Headers(span)) as headers:
            for number_of_part in range(1, count):
                start = headers.near(span.size * number_of_part // count, span.size // count)
                if start is not None and start > starts[-1]:
                    starts.append(start)
    except (OSError, InvalidLayer):
        # the walk reports it
        starts = [0]
    return [TarPart(start, stop, len(starts)) for start, stop in zip(starts, [*starts[1:], NEVER], strict=True)]


class JoinedParts:
    """The entries of all parts of a tar as one, from slices that are added while several processes walk the parts.

    ``entries`` has those of the first slices in the order of the tar: of a part, only once the part before it is known
    to be joined with it.
    """

    def __init__(self, count: int) -> None:
        self.entries = LayerEntries()
        self._slices = [deque[LayerEntries]() for _ in range(count)]
        self._are_joined: list[bool | None] = [None] * count
        """For each part whether it is joined with the next; None until it ends."""
        self._part = 0

    def add(self, part: int, following: LayerEntries) -> None:
        self._slices[part].append(following)

    def end(self, part: int, *, is_joined: bool) -> None:
        """Note that a part has been walked, and whether it is joined with the next."""
        self._are_joined[part] = is_joined

    def join(self, most: int = sys.maxsize) -> None:
        """Add at most ``most`` slices to the entries, as far as it is known that they belong there."""
        while most and self._part < len(self._slices):
            if self._slices[self._part]:
                self.entries.extend(self._slices[self._part].popleft())
                most -= 1
            elif self._are_joined[self._part] is None:
                return
            else:
                # one that is not joined was walked to the end of the tar
                self._part = self._part + 1 if self._are_joined[self._part] else len(self._slices)

    def whole(self) -> LayerEntries | None:
        """Return the entries of a tar of which all parts have ended.

        None where only one walk over the whole tar can tell them: errors and the number of warnings depend on all that
        comes before them.
        """
        self.join()
        is_one_walk = len(self._slices) == 1
        return self.entries if is_one_walk or not (self.entries.error or self.entries.warnings) else None


class _Headers:
    """The headers in the file of a span."""

    def __init__(self, span: FileSpan) -> None:
        self._span = span
        self._descriptor = open_span(span)

    def near(self, offset: int, size: int) -> int | None:
        """Return the offset of a header that follows a whole entry, within ``size`` bytes from an offset."""
        for number_of_try in range(_TRIES):
            start = padded(offset + size * number_of_try // _TRIES)
            for found in _plausible(self._read(start, _WINDOW)):
                after = self._after_entry(start + found)
                if after is not None:
                    return after
        return None

    def _after_entry(self, offset: int) -> int | None:
        """Return the offset of the header after the entry that the header at an offset is of, or None."""
        for _ in range(_LONGEST_CHAIN):
            header = self._read(offset, BLOCK)
            if not _is_header(header):
                return None
            flag, size = header[TYPE_FLAG], _stored_size(header)
            if flag not in _ENTRY_FLAGS | EXTENDED_FLAGS or size is None:
                return None
            offset += BLOCK + (padded(size) if flag not in _WITHOUT_CONTENT else 0)
            if flag in _ENTRY_FLAGS:
                return offset if _is_header(self._read(offset, BLOCK)) else None
        return None

    def _read(self, offset: int, size: int) -> bytes:
        size = min(size, self._span.size - offset)
        return os.pread(self._descriptor, size, self._span.offset + offset) if size > 0 else b""

    def close(self) -> None:
        os.close(self._descriptor)


_WITHOUT_CONTENT = frozenset({b"1", b"2", b"5"})
_ENTRY_FLAGS = _WITHOUT_CONTENT | {b"0"}


def _plausible(window: bytes) -> Iterator[int]:
    """Yield the offsets of blocks that may be headers."""
    at = window.find(_MAGIC)
    while at >= 0:
        start = at - MAGIC.start
        if start >= 0 and start % BLOCK == 0:
            yield start
        at = window.find(_MAGIC, at + 1)


def _is_header(block: bytes) -> bool:
    return len(block) == BLOCK and block[MAGIC].startswith(_MAGIC) and has_valid_checksum(block)


def _stored_size(header: bytes) -> int | None:
    try:
        size = number(header[SIZE])
    except ValueError:
        return None
    return size if 0 <= size < NEVER else None
