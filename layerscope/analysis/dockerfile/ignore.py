r"""The files of a context that Docker leaves out: ``.dockerignore``.

https://docs.docker.com/build/concepts/context/#dockerignore-files; a pattern also matches what is below a folder that
it matches, and the last pattern that matches decides.
"""

import re
from collections.abc import Iterator, Sequence
from posixpath import normpath
from typing import NamedTuple

_LONGEST = 1000
"""Characters of a pattern; one that is longer is no use."""


class IgnorePattern(NamedTuple):
    """A pattern; one that starts with ``!`` keeps what it matches."""

    expression: re.Pattern[str]
    is_kept: bool


def ignore_patterns(text: str) -> list[IgnorePattern]:
    """Return the patterns of a ``.dockerignore``."""
    patterns = []
    for line in text.removeprefix("\ufeff").splitlines():
        if line.startswith("#"):
            continue
        word = line.strip()
        is_kept = word.startswith("!")
        word = word.removeprefix("!").strip()
        if word and len(word) <= _LONGEST:
            cleaned = normpath(word).lstrip("/")
            patterns += [IgnorePattern(_expression(cleaned), is_kept)] if cleaned not in {"", "."} else []
    return patterns


def is_ignored(path: str, patterns: Sequence[IgnorePattern]) -> bool:
    """Return whether a path, relative to the context, is left out."""
    ignored = False
    for pattern in patterns:
        if ignored == pattern.is_kept and pattern.expression.match(path):
            ignored = not pattern.is_kept
    return ignored


def _expression(pattern: str) -> re.Pattern[str]:
    """Return an expression that matches the path, or the start of it that ends with a folder."""
    try:
        return re.compile(rf"{''.join(_pieces(pattern))}(?:/|\Z)", re.DOTALL)
    except re.error:
        return re.compile(rf"{re.escape(pattern)}(?:/|\Z)")


def _pieces(pattern: str) -> Iterator[str]:
    at = 0
    while at < len(pattern):
        if pattern.startswith("**", at):
            at += 2
            if pattern.startswith("/", at):
                at += 1
                yield "(?:.*/)?"
            else:
                yield ".*"
            continue
        character = pattern[at]
        at += 1
        if character == "*":
            yield "[^/]*"
        elif character == "?":
            yield "[^/]"
        elif character == "\\" and at < len(pattern):
            yield re.escape(pattern[at])
            at += 1
        elif character == "[" and "]" in pattern[at:]:
            end = pattern.index("]", at)
            yield f"[{pattern[at:end].replace(chr(92), chr(92) * 2)}]"
            at = end + 1
        else:
            yield re.escape(character)
