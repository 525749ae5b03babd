"""Regular expressions as users type them. One may take for ever on an unlucky name: then it is given up."""

import warnings
from typing import Protocol

from layerscope.errors import UsageError

LONGEST_SEARCH = 0.25
"""Seconds on one path: an honest expression takes a millionth of that."""


class Pattern(Protocol):
    """What finds something in a name or a path."""

    def search(self, text: bytes, /) -> object | None:
        """Return what was found, or None."""


class Expression:
    """A compiled expression; it raises UsageError where it is broken, and when it takes too long on one path.

    The standard `re` cannot be interrupted; the regex package takes the same expressions, and a timeout.
    """

    def __init__(self, text: str, *, ignore_case: bool) -> None:
        import regex  # noqa: PLC0415  # 15 ms, and few people filter by expressions

        self._text = text
        try:
            with warnings.catch_warnings(action="ignore"):
                flags = regex.IGNORECASE if ignore_case else 0
                self._search = regex.compile(text.encode("utf-8", "surrogateescape"), flags).search
        except (regex.error, OverflowError, RecursionError) as error:
            raise UsageError(f"{text!r} is no regular expression: {error}") from error

    def search(self, text: bytes, /) -> object | None:
        """Return the first match, or None."""
        try:
            return self._search(text, timeout=LONGEST_SEARCH)
        except TimeoutError as error:
            raise UsageError(f"the expression {self._text!r} takes too long") from error
