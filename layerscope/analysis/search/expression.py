"""Regular expressions as users type them. One may take for ever on an unlucky text: then it is given up."""

import warnings
from collections.abc import Iterator
from typing import AnyStr, Generic, Protocol

from layerscope.errors import UsageError

LONGEST_SEARCH = 0.25
"""Seconds on one path: an honest expression takes a millionth of that."""


class Pattern(Protocol):
    """What finds something in a name or a path."""

    def search(self, text: bytes, /) -> object | None:
        """Return what was found, or None."""


class Match(Protocol):
    """Where something was found."""

    def span(self) -> tuple[int, int]:
        """Return the start and the end."""
        ...


class Expression(Generic[AnyStr]):
    """A compiled expression for str or for bytes; ``by_line``: lines start and end within a text, too.

    It raises UsageError where it is broken, and when it takes too long on one text. The standard `re` cannot be
    interrupted, and lets no other thread run; the regex package takes the same expressions, and a timeout.
    """

    def __init__(self, text: AnyStr, *, ignore_case: bool, by_line: bool = False) -> None:
        import regex  # noqa: PLC0415  # 15 ms, and few people look for expressions

        self._shown = _shown(text)
        try:
            with warnings.catch_warnings(action="ignore"):
                flags = (regex.IGNORECASE if ignore_case else 0) | (regex.MULTILINE if by_line else 0)
                self._pattern: regex.Pattern[AnyStr] = regex.compile(text, flags)
        except (regex.error, OverflowError, RecursionError) as error:
            raise UsageError(f"{self._shown!r} is no regular expression: {error}") from error

    def search(self, text: AnyStr, /) -> object | None:
        """Return the first match, or None."""
        try:
            return self._pattern.search(text, timeout=LONGEST_SEARCH)
        except TimeoutError as error:
            raise self._too_slow from error

    def finditer(self, text: AnyStr, /, seconds: float = LONGEST_SEARCH) -> Iterator[Match]:
        """Yield the matches one after the other."""
        try:
            yield from self._pattern.finditer(text, timeout=seconds)
        except TimeoutError as error:
            raise self._too_slow from error

    @property
    def _too_slow(self) -> UsageError:
        return UsageError(f"the expression {self._shown!r} takes too long")


def _shown(text: str | bytes) -> str:
    return text if isinstance(text, str) else text.decode("utf-8", "surrogateescape")
