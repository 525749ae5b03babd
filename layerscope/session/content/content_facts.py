"""Facts about the content of the files of a layer."""

from dataclasses import dataclass, field

from layerscope.model.entries import TakenContent

STORED = -1
"""In place of a number of bytes: the digest covers what is stored of a file that may have holes."""


@dataclass(slots=True)
class ContentFacts:
    """Facts about the content of the files of one layer.

    ``digests`` by the row of a file and the number of its first bytes that were hashed, or `STORED`; ``prefixes`` by
    row. What came with the listing is added to these when it is used, because they are kept.
    """

    digests: dict[tuple[int, int], bytes] = field(default_factory=dict)
    prefixes: dict[int, bytes] = field(default_factory=dict)
    listed: TakenContent = field(default_factory=TakenContent)

    @property
    def is_empty(self) -> bool:
        """True if nothing is known."""
        return not (self.digests or self.prefixes or self.listed.digests or self.listed.prefixes)

    @property
    def count(self) -> int:
        """The number of facts that are kept."""
        return len(self.digests) + len(self.prefixes)

    def digest(self, row: int, hashed: int, size: int) -> bytes | None:
        """Return the digest of so many bytes, or `STORED`, of a file of this size, or None if it is not known."""
        digest = self.digests.get((row, hashed))
        if digest is None and hashed == size:
            digest = self.listed.digest(row)
            if digest is not None:
                self.digests[row, hashed] = digest
        return digest

    def prefix(self, row: int, size: int) -> bytes | None:
        """Return the first ``size`` bytes of a file, or None if fewer are known."""
        for prefixes in (self.prefixes, self.listed.prefixes):
            prefix = prefixes.get(row)
            if prefix is not None and len(prefix) >= size:
                self.prefixes[row] = prefix
                return prefix[:size]
        return None
