"""Compressed files of one or several members (gzip members, zstd frames), read with a library's decompressor.

The libraries' own file objects drop what they have decompressed when they then find that the stream is broken. Here it
is returned first.
"""

from collections.abc import Callable
from io import RawIOBase
from typing import Protocol

_STORED_CHUNK = 64 * 1024
"""Stored bytes of one read."""


class Decompressor(Protocol):
    """A decompressor of one member, with the methods of `lzma.LZMADecompressor`."""

    @property
    def eof(self) -> bool:
        """Whether the end of the member has been reached."""

    @property
    def needs_input(self) -> bool:
        """Whether it returns nothing more without more input."""

    @property
    def unused_data(self) -> bytes:
        """Input behind the end of the member."""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Take in stored bytes, and return at most ``max_length`` decompressed ones."""


class MemberStream:
    """The decompressed bytes of a file. Zeros may follow each member."""

    def __init__(self, raw: RawIOBase, new_member: Callable[[], Decompressor]) -> None:
        self._raw = raw
        self._new_member = new_member
        self._member = new_member()

    def read1(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes, and none at the end.

        Raises EOFError where the stream ends early, and the library's error where it is broken.
        """
        taken = b""
        while not taken:
            stored = b""
            if self._member.eof:
                stored = self._start_member()
                if not stored:
                    break
            elif self._member.needs_input:
                stored = self._raw.read(_STORED_CHUNK) or b""
                if not stored:
                    raise EOFError("the stream ends early")
            taken = self._member.decompress(stored, size)
        return taken

    def _start_member(self) -> bytes:
        """Start the next member, and return the bytes read of it; none where there is no next member."""
        stored = self._member.unused_data.lstrip(b"\0")
        while not stored:
            following = self._raw.read(_STORED_CHUNK)
            if not following:
                return b""
            stored = following.lstrip(b"\0")
        self._member = self._new_member()
        return stored
