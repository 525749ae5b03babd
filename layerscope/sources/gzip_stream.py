"""Reads gzip: https://www.rfc-editor.org/rfc/rfc1952.

isal's own file object drops what it has decompressed when it then meets the break of a stream; here it comes first.
"""

from typing import IO

from isal.igzip_lib import DECOMP_GZIP, IgzipDecompressor

_STORED_CHUNK = 64 * 1024
"""Read at once: what is lost where a stream is broken."""


class GzipStream:
    """The decompressed bytes of a gzip file of one member or several; zeros may follow each."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self._member = IgzipDecompressor(flag=DECOMP_GZIP)

    def read1(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes, and none at the end.

        Raises EOFError where the stream ends early, and isal's error where it is broken.
        """
        taken = b""
        while not taken:
            stored = b""
            if self._member.eof:
                stored = self._next_member()
                if not stored:
                    return b""
            elif self._member.needs_input:
                stored = self._raw.read(_STORED_CHUNK)
                if not stored:
                    raise EOFError("the gzip stream ends early")
            taken = self._member.decompress(stored, size)
        return taken

    def _next_member(self) -> bytes:
        """Start another member where one follows, and return what has been read of it."""
        stored = self._member.unused_data.lstrip(b"\0")
        while not stored:
            following = self._raw.read(_STORED_CHUNK)
            if not following:
                return b""
            stored = following.lstrip(b"\0")
        self._member = IgzipDecompressor(flag=DECOMP_GZIP)
        return stored
