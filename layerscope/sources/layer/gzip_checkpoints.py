"""Random access into a gzip layer: copies of the decompressor, taken every few megabytes.

A gzip stream can only be inflated from its start, because each byte may refer to the 32 KiB before it. A copy of the
decompressor, a checkpoint, holds these 32 KiB and the position in the stored bytes, so that inflation can start there.

Measured on 1.2 GB of files: one pass with checkpoints takes 1.25 times as long as isal takes without them; after it,
any byte is read in 14 ms, and the checkpoints take 13 MB. A spool took 2.1 times as long; `indexed_gzip` took 1.5
times, and 120 ms a read; rapidgzip took 1.5 times and 150 MB, and aborted when the process ended.

RFC 1952: https://www.rfc-editor.org/rfc/rfc1952. The decompressor is zlib-ng's, or Python's own zlib where that is
missing. It inflates nearly as fast as isal's, which cannot be copied.
"""

import os
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from threading import Lock
from typing import Any

from layerscope.errors import InvalidLayer, os_reason
from layerscope.model.image import FileSpan
from layerscope.sources.stream.compression import check_unchanged, open_span
from layerscope.work import is_cancelled, stop_if

_SPACING = 4 * 1024 * 1024
"""Bytes of content between two checkpoints, and so the most that is inflated to reach a byte."""

_MOST_CHECKPOINTS = 1024
"""A limit of 46 MB of memory. In a layer of more than 4 GB, the checkpoints are further apart."""

_CHUNK = 1024 * 1024

_GZIP = 31
"""The window bits of zlib that mean the largest window and a gzip header."""

_STORED_CHUNK = 64 * 1024


@cache
def _zlib() -> Any:
    try:
        return import_module("zlib_ng.zlib_ng")
    except ImportError:
        return import_module("zlib")


class Inflation:
    """The bytes of a span, inflated from its start; ``position`` is the number of bytes taken.

    The caller owns the descriptor of the span's file. It is only read at offsets, so that copies may share it.
    """

    def __init__(
        self, span: FileSpan, descriptor: int, inflater: Any = None, consumed: int = 0, position: int = 0
    ) -> None:
        self._span = span
        self._descriptor = descriptor
        self._inflater = inflater
        self._stored = consumed
        self._input = b""
        self.position = position

    def copy(self) -> "Inflation":
        """Return a copy at the same position; it takes about 45 KiB."""
        inflater = self._inflater and self._inflater.copy()
        return Inflation(self._span, self._descriptor, inflater, self.consumed, self.position)

    @property
    def consumed(self) -> int:
        """The number of stored bytes inflated so far."""
        return self._stored - len(self._input)

    def take(self, size: int) -> bytes:
        """Return at most ``size`` bytes, and none at the end.

        Raises InvalidLayer where the stream is broken or ends early.
        """
        taken = b""
        while not taken and (self._inflater is not None or self._starts_member()):
            if not self._input:
                self._read()
            taken = self._inflate(size)
        self.position += len(taken)
        return taken

    def _starts_member(self) -> bool:
        """Start the next member, and return whether there is one. Zeros may follow the last."""
        while not self._input and self._stored < self._span.size:
            before = self._stored
            self._read()
            if self._stored == before:
                break
            self._input = self._input.lstrip(b"\0")
        if not self._input:
            return False
        self._inflater = _zlib().decompressobj(_GZIP)
        return True

    def _read(self) -> None:
        wanted = min(_STORED_CHUNK, self._span.size - self._stored)
        try:
            self._input = os.pread(self._descriptor, wanted, self._span.offset + self._stored)
        except OSError as error:
            raise InvalidLayer(f"cannot read the layer: {os_reason(error)}") from error
        self._stored += len(self._input)

    def _inflate(self, size: int) -> bytes:
        inflater, is_out = self._inflater, not self._input
        # zlib loses what it inflates in the call in which it meets a break, so that such a call is made again
        before = inflater.copy()
        try:
            taken: bytes = inflater.decompress(self._input, size)
        except _zlib().error as error:
            taken = self._inflate_bytewise(before, size)
            if not taken:
                raise InvalidLayer(f"the gzip stream is broken near stored byte {self.consumed:,}") from error
            return taken
        if inflater.eof:
            self._inflater, self._input = None, inflater.unused_data.lstrip(b"\0")
        elif is_out and not taken:
            raise InvalidLayer(f"the gzip stream ends early, after {self.consumed:,} stored bytes")
        else:
            self._input = inflater.unconsumed_tail
        return taken

    def _inflate_bytewise(self, inflater: Any, size: int) -> bytes:
        """Inflate one byte of the input after the other, and return at most ``size`` bytes before the break in it."""
        pieces: list[bytes] = []
        while size and self._input:
            before = inflater.copy()
            try:
                piece = inflater.decompress(self._input[:1], size)
            except _zlib().error:
                inflater = before
                break
            self._input = inflater.unconsumed_tail + self._input[1:]
            pieces.append(piece)
            size -= len(piece)
        self._inflater = inflater
        return b"".join(pieces)


class CheckpointedContent:
    """A gzip layer of one or several members.

    Of three decompressors, the *frontier* has reached the furthest, and leaves checkpoints behind; the *reader* serves
    reads, so that a read which continues the previous one inflates nothing twice; each checkpoint waits to be copied.
    Reads from several threads take turns.
    """

    def __init__(self, span: FileSpan, spacing: int = _SPACING, most: int = _MOST_CHECKPOINTS) -> None:
        self._span = span
        self._descriptor = open_span(span)
        self._lock = Lock()
        self._spacing = spacing
        self._most = most
        self._checkpoints = [Inflation(span, self._descriptor)]
        self._positions = [0]
        self._frontier = self._checkpoints[0].copy()
        self._reader = self._frontier.copy()
        self._is_closed = False

    def read(self, offset: int, size: int) -> bytes:
        with self._lock:
            if self._is_closed:
                raise InvalidLayer("the image has been closed")
            self._reach(offset)
            pieces = []
            while size:
                piece = self._reader.take(min(size, _CHUNK))
                if not piece:
                    raise InvalidLayer("the layer ends before this content does", self._reader.position)
                pieces.append(piece)
                size -= len(piece)
            check_unchanged(self._span, self._descriptor)
            return b"".join(pieces)

    def prepare(self) -> Iterator[int]:
        """Inflate the rest once, a megabyte at a time, and yield the number of stored bytes read."""
        while True:
            with self._lock:
                if self._is_closed or not self._advance(_CHUNK):
                    return
                consumed = self._frontier.consumed
            # without the lock, so that reads get their turn
            yield consumed

    def _reach(self, offset: int) -> None:
        """Move the reader to the offset, from where it is or from the nearest checkpoint before it."""
        # the frontier goes first: what is inflated on the way to a new offset leaves checkpoints for later reads
        while self._frontier.position < offset and not self._is_near(offset):
            stop_if(is_cancelled)
            if not self._advance(min(_CHUNK, offset - self._frontier.position)):
                break
        if not self._is_near(offset):
            best = self._checkpoints[bisect_right(self._positions, offset) - 1]
            self._reader = best.copy()
        while self._reader.position < offset:
            stop_if(is_cancelled)
            if not self._reader.take(min(_CHUNK, offset - self._reader.position)):
                raise InvalidLayer("the layer ends before this content does", self._reader.position)

    def _is_near(self, offset: int) -> bool:
        return 0 <= offset - self._reader.position < self._spacing

    def _advance(self, size: int) -> bool:
        """Inflate at the frontier, and return whether there was more.

        A break is not an error here: only a read that reaches it must fail, and the reader meets it again.
        """
        try:
            if not self._frontier.take(size):
                return False
        except InvalidLayer:
            return False
        if self._frontier.position - self._positions[-1] >= self._spacing:
            self._positions.append(self._frontier.position)
            self._checkpoints.append(self._frontier.copy())
            if len(self._positions) > self._most:
                # every second one is dropped, so that a layer of any size has a bounded number
                self._spacing *= 2
                del self._positions[1::2], self._checkpoints[1::2]
        return True

    def close(self) -> None:
        with self._lock:
            if not self._is_closed:
                self._is_closed = True
                self._checkpoints.clear()
                os.close(self._descriptor)
