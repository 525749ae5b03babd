"""The hash that tells files apart: by their digests they are equal if and only if their bytes are."""

from hashlib import sha256
from typing import Protocol

from blake3 import blake3

_LONG = 8192
"""Bytes from which on BLAKE3 is faster: it hashes 8 or 16 kB at once.

Below that, the instructions that processors have for SHA-256 are faster.
"""


class FileHash(Protocol):
    """A cryptographic hash of 32 bytes."""

    def update(self, data: bytes | memoryview, /) -> object:
        """Add bytes."""

    def digest(self) -> bytes:
        """Return the digest of all bytes added."""


def file_hash(size: int) -> FileHash:
    """Return a new hash for ``size`` bytes; the digests of as many bytes may be compared."""
    return sha256() if size < _LONG else blake3()


def digest_of(data: bytes) -> bytes:
    """Return the digest of all bytes."""
    whole = file_hash(len(data))
    whole.update(data)
    return whole.digest()
