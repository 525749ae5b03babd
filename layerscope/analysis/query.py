"""What to look for among the paths: plain text, a glob, or a regular expression."""

import re
import warnings
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from layerscope.analysis.path_index import PathIndex
from layerscope.errors import UsageError

REGEX_PREFIX = "re:"
HEARTBEAT = -1
"""Yielded where a search has gone on for a while without a hit, so that whoever drives it can see to other things."""

_NAMES_A_BEAT = 4096
_NOTHING = re.compile(rb"(?!)")
_GLOB_PARTS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": r"[^/][\x80-\xbf]*+"}
"""A question mark is a character: a byte, and what continues it in UTF-8."""


@dataclass(frozen=True, slots=True)
class Query:
    """A compiled query. It looks at names, or at whole paths (with a leading slash) where ``on_path`` is true.

    ``literal`` is lower-case text that a name must hold, where that is all there is to the query.
    """

    text: str
    pattern: re.Pattern[bytes]
    on_path: bool
    literal: bytes | None = None

    def hits(self, index: PathIndex) -> Iterator[int]:
        """Yield the nodes that fit, ascending, and `HEARTBEAT` now and then."""
        if self.literal is not None:
            return self._literal_hits(index, self.literal)
        return self._path_hits(index) if self.on_path else self._name_hits(index)

    def _literal_hits(self, index: PathIndex, literal: bytes) -> Iterator[int]:
        """Search all names at once, as the one text they are."""
        names, ends = index.names.lower(), index.name_ends
        found, node = names.find(literal), 1
        while found >= 0:
            node = _node_at(index, found, node)
            if found + len(literal) <= ends[node]:
                yield node
                found = names.find(literal, ends[node])
            else:
                found = names.find(literal, found + 1)

    def _name_hits(self, index: PathIndex) -> Iterator[int]:
        search, names, start = self.pattern.search, index.names, 0
        for node, end in enumerate(index.name_ends):
            if node and search(names[start:end]):
                yield node
            elif not node % _NAMES_A_BEAT:
                yield HEARTBEAT
            start = end

    def _path_hits(self, index: PathIndex) -> Iterator[int]:
        search, folders = self.pattern.search, [b""]
        for node in range(1, len(index)):
            depth = index.depths[node]
            del folders[depth:]
            path = folders[-1] + b"/" + index.name(node)
            folders.append(path)
            if search(path):
                yield node
            elif not node % _NAMES_A_BEAT:
                yield HEARTBEAT


def _node_at(index: PathIndex, offset: int, low: int) -> int:
    """Return the node whose name holds the byte at the offset of the names; it is ``low`` or a later one."""
    return bisect_right(index.name_ends, offset, low)


def parse_query(text: str) -> Query | None:
    """Return the query that a user typed, or None where it is empty; UsageError where a regular expression is broken.

    Plain text is looked for in names, or in paths where it holds a slash; a text with ``*`` or ``?`` is a glob for the
    whole name or the end of a path; ``re:`` starts a regular expression for the path. Case counts only where a capital
    is typed.
    """
    if not text or text == REGEX_PREFIX:
        return None
    flags = 0 if any(map(str.isupper, text)) else re.IGNORECASE
    if text.startswith(REGEX_PREFIX):
        return Query(text, _compiled(text.removeprefix(REGEX_PREFIX), flags), on_path=True)
    on_path = "/" in text
    if "*" in text or "?" in text:
        return Query(text, _compiled(glob_expression(text), flags | re.DOTALL), on_path)
    wanted = text.encode("utf-8", "surrogateescape")
    literal = wanted.lower() if flags and not on_path and text.isascii() else None
    return Query(text, re.compile(re.escape(wanted), flags), on_path, literal)


def _compiled(expression: str, flags: int) -> re.Pattern[bytes]:
    try:
        with warnings.catch_warnings(action="ignore"):
            return re.compile(expression.encode("utf-8", "surrogateescape"), flags)
    except (re.error, OverflowError, RecursionError) as error:
        raise UsageError(f"{expression!r} is no regular expression: {error}") from error


def glob_expression(text: str) -> str:
    """Return the regular expression of a glob, for a name, or for a path where it holds a slash."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", text.removeprefix("/"))
    body = "".join(_GLOB_PARTS.get(part, re.escape(part)) for part in parts)
    if "/" not in text:
        return rf"\A{body}\Z"
    return rf"\A/{body}\Z" if text.startswith("/") else rf"/{body}\Z"


def path_pattern(globs: Iterable[str]) -> re.Pattern[bytes]:
    """Return what finds a path, with its leading slash, that fits one of the globs; case counts."""
    expressions = [glob_expression(glob if "/" in glob else f"**/{glob}") for glob in globs]
    if not expressions:
        return _NOTHING
    return re.compile("|".join(f"(?:{each})" for each in expressions).encode("utf-8", "surrogateescape"), re.DOTALL)
