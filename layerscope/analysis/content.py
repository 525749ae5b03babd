"""The bytes of files as analysis gets them: it reads none itself."""

from collections.abc import Callable, Mapping, Sequence

Digests = Mapping[int, bytes]
"""By the occurrence of a file: values that are equal if the bytes are; files that cannot be read are missing."""

Prefixes = Callable[[Sequence[int], int], Mapping[int, bytes | None]]
"""A function from occurrences of files and a number to so many first bytes of each; None if they cannot be read."""
