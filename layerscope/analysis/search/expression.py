"""Regular expressions as users type them, with a time limit: on some texts an expression would never end."""

import warnings
from collections.abc import Iterator
from typing import AnyStr, Generic, Protocol

from layerscope.errors import UsageError

LONGEST_SEARCH = 0.25
"""The time limit for one path, in seconds; an honest expression takes a millionth of it."""


class Pattern(Protocol):
    """A pattern for a name or a path."""

    def search(self, text: bytes, /) -> object | None:
        """Return the first match, or None."""


class Match(Protocol):
    """The span of a match."""

    def span(self) -> tuple[int, int]: ...


class Expression(Generic[AnyStr]):
    """A compiled expression for str or for bytes; with ``by_line``, ``^`` and ``$`` match at every line.

    Raises UsageError if it is invalid, and if it takes too long on one text. The standard `re` cannot be interrupted
    and blocks every other thread; the regex package takes the same expressions, and a timeout.
    """

    def __init__(self, text: AnyStr, *, ignore_case: bool, by_line: bool = False) -> None:
        import regex  # noqa: PLC0415  # 15 ms, and few searches are expressions

        self._shown = _shown(text)
        try:
            with warnings.catch_warnings(action="ignore"):
                flags = (regex.IGNORECASE if ignore_case else 0) | (regex.MULTILINE if by_line else 0)
                self._pattern: regex.Pattern[AnyStr] = regex.compile(text, flags)
        except (regex.error, OverflowError, RecursionError) as error:
            raise UsageError(f"{self._shown!r} is not a valid regular expression: {error}") from error

    def search(self, text: AnyStr, /) -> object | None:
        try:
            return self._pattern.search(text, timeout=LONGEST_SEARCH)
        except TimeoutError as error:
            raise self._too_slow from error

    def finditer(self, text: AnyStr, /, seconds: float = LONGEST_SEARCH) -> Iterator[Match]:
        try:
            yield from self._pattern.finditer(text, timeout=seconds)
        except TimeoutError as error:
            raise self._too_slow from error

    @property
    def _too_slow(self) -> UsageError:
        return UsageError(f"the expression {self._shown!r} takes too long")


def _shown(text: str | bytes) -> str:
    return text if isinstance(text, str) else text.decode("utf-8", "surrogateescape")
