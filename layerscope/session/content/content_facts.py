"""Facts about the content of the files of a layer."""

from dataclasses import dataclass, field

STORED = -1
"""In place of a number of bytes: the digest covers what is stored of a file that may have holes."""


@dataclass(slots=True)
class ContentFacts:
    """Facts about the content of the files of one layer.

    ``digests`` by the row of a file and the number of its first bytes that were hashed, or `STORED`; ``prefixes`` by
    row.
    """

    digests: dict[tuple[int, int], bytes] = field(default_factory=dict)
    prefixes: dict[int, bytes] = field(default_factory=dict)
