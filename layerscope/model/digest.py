"""Digests: https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests."""

import re
from typing import Self, final

_GRAMMAR = re.compile(r"(?P<algorithm>[a-z0-9]+(?:[+._-][a-z0-9]+)*):(?P<encoded>[a-zA-Z0-9=_-]+)")
_HEX_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}

_SHOWN = 100
"""Characters of an invalid digest that an error message repeats."""


@final
class Digest:
    """A digest as an image states it; only its syntax has been checked.

    This is not a dataclass because msgspec would then expect a JSON object instead of a string.
    """

    __slots__ = ("algorithm", "encoded")

    def __init__(self, algorithm: str, encoded: str) -> None:
        self.algorithm = algorithm
        self.encoded = encoded

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the digest that the text states.

        Raises ValueError for an invalid digest, because a file name is derived from it.
        """
        match = _GRAMMAR.fullmatch(text)
        if match is None:
            raise ValueError(f"{text[:_SHOWN]!r} is not a digest")
        algorithm, encoded = match["algorithm"], match["encoded"]
        length = _HEX_LENGTHS.get(algorithm)
        if length is not None and not re.fullmatch(f"[a-f0-9]{{{length}}}", encoded):
            raise ValueError(f"{text[:_SHOWN]!r} is not a {algorithm} digest")
        return cls(algorithm, encoded)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Digest) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def __repr__(self) -> str:
        return f"Digest({self.algorithm!r}, {self.encoded!r})"

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.encoded}"

    @property
    def blob_name(self) -> str:
        """The name of the blob's file in an OCI image layout."""
        return f"blobs/{self.algorithm}/{self.encoded}"

    @property
    def short(self) -> str:
        """The first twelve characters of the encoded part, as engines print them."""
        return self.encoded[:12]
