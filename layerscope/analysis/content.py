"""What analysis may know of the bytes of files: it is handed in, as a mapping or as a function that is asked once."""

from collections.abc import Callable, Mapping, Sequence

Digests = Mapping[int, bytes]
"""By the occurrence of a file: what is equal for equal bytes and differs for others; what cannot be read is missing."""

Prefixes = Callable[[Sequence[int], int], Mapping[int, bytes | None]]
"""From occurrences of files and a number to so many of their first bytes, None where they cannot be read."""
