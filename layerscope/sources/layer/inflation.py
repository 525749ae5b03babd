"""A gzip stream that is being inflated, and that can be copied at any position.

RFC 1952: https://www.rfc-editor.org/rfc/rfc1952. The decompressor is zlib-ng's, or Python's own zlib where that is
missing. It inflates nearly as fast as isal's, which cannot be copied.
"""

import os
from functools import cache
from importlib import import_module
from typing import Any

from layerscope.errors import InvalidLayer, os_reason
from layerscope.model.span import FileSpan

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
