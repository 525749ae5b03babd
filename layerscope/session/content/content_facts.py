"""Facts about the content of the files of a layer."""

from dataclasses import dataclass, field

from layerscope.model.entries import DIGEST_SIZE, NO_DIGEST

STORED = -1
"""In place of a number of bytes: the digest covers what is stored of a file that may have holes."""


@dataclass(slots=True)
class ContentFacts:
    """Facts about the content of the files of one layer.

    ``digests`` by the row of a file and the number of its first bytes that were hashed, or `STORED`; ``prefixes`` by
    row. ``listed`` has the digests of whole files that came with the listing, as `LayerEntries` has them.
    """

    digests: dict[tuple[int, int], bytes] = field(default_factory=dict)
    prefixes: dict[int, bytes] = field(default_factory=dict)
    listed: bytes = b""

    @property
    def is_empty(self) -> bool:
        """True if nothing is known."""
        return not (self.digests or self.prefixes or self.listed)

    def digest(self, row: int, hashed: int, size: int) -> bytes | None:
        """Return the digest of so many bytes, or `STORED`, of a file of this size, or None if it is not known.

        One that came with the listing is added to ``digests``, which are kept.
        """
        digest = self.digests.get((row, hashed))
        if digest is None and hashed == size:
            listed = self.listed[row * DIGEST_SIZE : (row + 1) * DIGEST_SIZE]
            if listed and listed != NO_DIGEST:
                digest = self.digests[row, hashed] = listed
        return digest
