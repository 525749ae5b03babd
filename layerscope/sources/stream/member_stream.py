"""Compressed files of one or several members (gzip members, zstd frames), read with a library's decompressor.

The libraries drop what they have decompressed when they then find, in the same call, that the stream is broken or its
checksum wrong. Here it is returned first.
"""

from collections.abc import Callable, Iterator
from typing import Protocol

_STORED_CHUNK = 64 * 1024
"""Stored bytes of one read."""

_RECOVERED_CHUNK = 64 * 1024


class Decompressor(Protocol):
    """A decompressor of one member, with the methods of `lzma.LZMADecompressor`."""

    @property
    def eof(self) -> bool:
        """True if the end of the member has been reached."""

    @property
    def needs_input(self) -> bool:
        """True if it returns nothing more without more input."""

    @property
    def unused_data(self) -> bytes:
        """Input behind the end of the member."""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Take in stored bytes, and return at most ``max_length`` decompressed ones."""


class StoredBytes(Protocol):
    """The stored bytes of a file."""

    @property
    def position(self) -> int:
        """The number of bytes read so far."""

    def read1(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes, and none at the end."""

    def move_to(self, position: int) -> None:
        """Go on reading at a position."""


class MemberStream:
    """The decompressed bytes of a file. Zeros may follow each member.

    ``failure`` is the library's error, once the stream has turned out to be broken.
    """

    def __init__(
        self, raw: StoredBytes, new_member: Callable[[], Decompressor], errors: tuple[type[Exception], ...]
    ) -> None:
        self._raw = raw
        self._new_member = new_member
        self._errors = errors
        self._member = new_member()
        self._member_start = 0
        self._chunk_start = 0
        self._returned = 0
        self._recovered: Iterator[bytes] = iter(())
        self._rest = b""
        self.failure: Exception | None = None

    def read1(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes, and none at the end.

        Raises EOFError where the stream ends early, and the library's error where it is broken.
        """
        if self.failure is None:
            try:
                taken = self._take(size)
            except self._errors as error:
                self.failure = error
                self._recovered = self._recover()
            else:
                self._returned += len(taken)
                return taken
        self._rest = self._rest or next(self._recovered, b"")
        if not self._rest:
            raise self.failure
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken

    def _take(self, size: int) -> bytes:
        taken = b""
        while not taken:
            stored = b""
            if self._member.eof:
                stored = self._start_member()
                if not stored:
                    break
            elif self._member.needs_input:
                self._chunk_start = self._raw.position
                stored = self._raw.read1(_STORED_CHUNK)
                if not stored:
                    raise EOFError("the stream ends early")
            taken = self._member.decompress(stored, size)
        return taken

    def _start_member(self) -> bytes:
        """Start the next member, and return the bytes read of it; none where there is no next member."""
        stored = self._member.unused_data.lstrip(b"\0")
        while not stored:
            following = self._raw.read1(_STORED_CHUNK)
            if not following:
                return b""
            stored = following.lstrip(b"\0")
        self._member_start = self._chunk_start = self._raw.position - len(stored)
        self._returned = 0
        self._member = self._new_member()
        return stored

    def _recover(self) -> Iterator[bytes]:
        """Yield what can still be decompressed of a broken member.

        The decompressors cannot be copied, so that the member is decompressed again from its start, up to the chunk in
        which it broke, and that chunk byte by byte: what a call lost then comes from the calls before the break.
        """
        broken_chunk, end, skipped = self._chunk_start, self._raw.position, self._returned
        self._raw.move_to(self._member_start)
        member = self._new_member()
        recovered = bytearray()
        while self._raw.position < end:
            limit = broken_chunk - self._raw.position
            stored = self._raw.read1(min(limit, _STORED_CHUNK) if limit > 0 else 1)
            try:
                for piece in _decompressed(member, stored):
                    recovered += piece[skipped:]
                    skipped = max(0, skipped - len(piece))
                    if len(recovered) >= _RECOVERED_CHUNK:
                        yield bytes(recovered)
                        recovered.clear()
            except self._errors:
                break
            if member.eof or not stored:
                break
        self._raw.move_to(end)
        yield bytes(recovered)


def _decompressed(member: Decompressor, stored: bytes) -> Iterator[bytes]:
    """Yield all that comes of stored bytes."""
    while True:
        yield member.decompress(stored, _RECOVERED_CHUNK)
        stored = b""
        if member.eof or member.needs_input:
            return
