"""The hash that tells files apart: by their digests they are equal if and only if their bytes are."""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Protocol

from blake3 import blake3

_LONG = 8192
"""Bytes from which on BLAKE3 is faster: it hashes 8 or 16 kB at once.

Below that, the instructions that processors have for SHA-256 are faster.
"""

_BLOCK = 4096
_ZERO_BLOCK = bytes(_BLOCK)
_NUMBER_SIZE = 8


class FileHash(Protocol):
    """A cryptographic hash of 32 bytes."""

    def update(self, data: bytes | memoryview, /) -> object:
        """Add bytes."""

    def digest(self) -> bytes:
        """Return the digest of all bytes added."""


def file_hash(size: int) -> FileHash:
    """Return a new hash for ``size`` bytes; the digests of as many bytes may be compared."""
    return sha256() if size < _LONG else blake3()


def digest_of(data: bytes | memoryview) -> bytes:
    """Return the digest of all bytes."""
    return (sha256(data) if len(data) < _LONG else blake3(data)).digest()


def data_digest(chunks: Iterable[tuple[int, bytes]], size: int) -> bytes:
    """Return a digest of a file of ``size`` bytes from its `stored_chunks`.

    Two files have the same digest if and only if they have the same bytes, whether their zeros are stored or are holes:
    the digest covers the size and each block that is not all zeros, with its number.
    """
    digest = sha256(size.to_bytes(_NUMBER_SIZE, "big"))
    for number, block in _whole_blocks(chunks):
        if block != _ZERO_BLOCK:
            digest.update(number.to_bytes(_NUMBER_SIZE, "big"))
            digest.update(block)
    return digest.digest()


def _whole_blocks(chunks: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    """Yield number and bytes of each block of a file that has stored bytes, filled up with the zeros around them."""
    current, partial = 0, bytearray()
    for start, chunk in chunks:
        reached = 0
        while reached < len(chunk):
            number, inside = divmod(start + reached, _BLOCK)
            if partial and number != current:
                yield current, bytes(partial.ljust(_BLOCK, b"\0"))
                partial.clear()
            piece = chunk[reached : reached + _BLOCK - inside]
            reached += len(piece)
            if len(piece) == _BLOCK:
                yield number, piece
                continue
            current = number
            partial += bytes(inside - len(partial)) + piece
    if partial:
        yield current, bytes(partial.ljust(_BLOCK, b"\0"))
