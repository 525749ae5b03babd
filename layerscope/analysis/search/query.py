"""Queries for paths: plain text, a glob, or a regular expression."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from time import monotonic
from typing import NamedTuple

from msgspec import Struct

from layerscope.analysis.search.expression import Expression, Pattern
from layerscope.analysis.tree.path_index import PathIndex
from layerscope.text import typed_names

REGEX_PREFIX = "re:"
HEARTBEAT = -1
"""Yielded when a search has run for a while without a hit, so that the caller can do other work."""

_NAMES_A_BEAT = 4096
_NOTHING = re.compile(rb"(?!)")
_LITERAL_NAMES_A_BEAT = 1 << 16
_SECONDS_A_BEAT = 0.005
"""The most seconds between two heartbeats of an expression that is slow on each path."""

_GLOB_STARS = {"**/": "(?:.*/)?", "**": ".*", "": ""}
_LAZY_STARS = {"**/": "(?:.*?/)??", "**": ".*?", "": ""}
_CHARACTER = r"[^/][\x80-\xbf]*+"
"""The expression of a question mark: a byte, and the bytes that continue it in UTF-8."""


class Query(Struct, frozen=True):
    """A compiled query for names, or, if ``on_path``, for whole paths with their leading slash.

    ``literal`` is the lower-case text of a query that matches every name that contains it; else None.
    """

    text: str
    pattern: Pattern
    on_path: bool
    literal: bytes | None = None

    def matches(self, name: str) -> bool:
        """Return whether the query finds a single name, such as that of an image, or its last part."""
        path = f"/{name}".encode("utf-8", "surrogateescape")
        if self.on_path:
            return bool(self.pattern.search(path))
        return bool(self.pattern.search(path[1:]) or self.pattern.search(path.rpartition(b"/")[2]))

    def hits(self, index: PathIndex) -> Iterator[int]:
        """Yield the nodes that match, ascending, and `HEARTBEAT` now and then.

        Raises UsageError if a regular expression takes too long.
        """
        if self.literal is not None:
            return self._literal_hits(index, self.literal)
        return self._path_hits(index) if self.on_path else self._name_hits(index)

    def _literal_hits(self, index: PathIndex, literal: bytes) -> Iterator[int]:
        """Search many names as one text, in pieces: all names in lower case at once would double their memory."""
        ends = index.name_ends
        for first in range(1, len(index), _LITERAL_NAMES_A_BEAT):
            if first > 1:
                yield HEARTBEAT
            start, last = ends[first - 1], min(first + _LITERAL_NAMES_A_BEAT, len(index)) - 1
            names = index.names[start : ends[last]].lower()
            position, node = names.find(literal), first
            while position >= 0:
                node = bisect_right(ends, start + position, node)
                if start + position + len(literal) <= ends[node]:
                    yield node
                    position = names.find(literal, ends[node] - start)
                else:
                    position = names.find(literal, position + 1)

    def _name_hits(self, index: PathIndex) -> Iterator[int]:
        search, names, start = self.pattern.search, index.names, 0
        for node, end in enumerate(index.name_ends):
            if node and search(names[start:end]):
                yield node
            elif not node % _NAMES_A_BEAT:
                yield HEARTBEAT
            start = end

    def _path_hits(self, index: PathIndex) -> Iterator[int]:
        search, folders, due = self.pattern.search, [b""], monotonic() + _SECONDS_A_BEAT
        for node in range(1, len(index)):
            depth = index.depths[node]
            del folders[depth:]
            path = folders[-1] + b"/" + index.name(node)
            folders.append(path)
            if search(path):
                yield node
            elif not node % _NAMES_A_BEAT or monotonic() > due:
                yield HEARTBEAT
                due = monotonic() + _SECONDS_A_BEAT


def parse_query(text: str) -> Query | None:
    """Return the query that a user typed, or None if it is empty; raises UsageError for an invalid expression.

    Plain text is searched in names, or in paths if it contains a slash. A text with ``*`` or ``?`` is a glob for the
    whole name or the end of a path. ``re:`` starts a regular expression for the path. Case counts only if the text has
    a capital letter.
    """
    if not text or text == REGEX_PREFIX:
        return None
    flags = 0 if any(map(str.isupper, text)) else re.IGNORECASE
    if text.startswith(REGEX_PREFIX):
        expression = text.removeprefix(REGEX_PREFIX).encode("utf-8", "surrogateescape")
        return Query(text, Expression(expression, ignore_case=bool(flags)), on_path=True)
    on_path = "/" in text
    if "*" in text or "?" in text:
        glob = glob_expression(text).encode("utf-8", "surrogateescape")
        return Query(text, re.compile(glob, flags | re.DOTALL), on_path)
    expression = _spellings(text).encode("utf-8", "surrogateescape")
    is_literal = flags and not on_path and text.isascii() and "\\" not in text
    return Query(text, re.compile(expression, flags), on_path, text.lower().encode() if is_literal else None)


def glob_expression(text: str) -> str:
    """Return the regular expression of a glob, for a name, or for a path if it contains a slash.

    Two stars can match whatever is left over. So the first match of the part before them, which also ends first, is as
    good as any other, and an atomic group keeps the expression from trying others: the cost stays about linear, where a
    few stars could take years.
    """
    anchored = "/" not in text or text.startswith("/")
    parts = _parts(text.removeprefix("/") if anchored else f"**/{text}")
    segments = [_segment(part, following) for part, following in zip_longest(parts, parts[1:])]
    return rf"\A{'/' if '/' in text else ''}{''.join(segments)}\Z"


class _Part(NamedTuple):
    """A part of a glob: ``**`` or ``**/``, or nothing at the start, and the text up to the next one."""

    star: str
    text: str


def _parts(text: str) -> list[_Part]:
    first, *others = re.split(r"(\*\*/|\*\*)", text)
    starred = map(_Part, others[::2], others[1::2])
    return [_Part("", first), *starred]


def _segment(part: _Part, following: _Part | None) -> str:
    """Return the expression of a part; every star in it is lazy if the following part makes it atomic."""
    # From the end of a name on, ``**/`` matches nothing or up to a later slash: an end within a name is not as good.
    is_atomic = following is not None and (following.star == "**" or part.text.endswith("/"))
    texts = [_fixed(fixed) for fixed in part.text.split("*")]
    *inner, last = texts[1:] or [""]
    names = "".join(f"(?>[^/]*?{fixed})" for fixed in inner)
    final = (f"[^/]*?{last}" if is_atomic else f"[^/]*{last}") if len(texts) > 1 else ""
    if is_atomic:
        return f"(?>{_LAZY_STARS[part.star]}{texts[0]}{names}{final})"
    return f"{_GLOB_STARS[part.star]}{texts[0]}{names}{final}"


def _fixed(part: str) -> str:
    return _CHARACTER.join(map(_spellings, part.split("?")))


def _spellings(text: str) -> str:
    """Return the expression of a text, also as a name that is shown with escapes."""
    names = [re.escape(name.decode("utf-8", "surrogateescape")) for name in typed_names(text)]
    return names[0] if len(names) == 1 else f"(?:{'|'.join(names)})"


def path_pattern(globs: Iterable[str]) -> re.Pattern[bytes]:
    """Return a pattern for the paths, with their leading slash, that match one of the globs; case counts."""
    expressions = [glob_expression(glob if "/" in glob else f"**/{glob}") for glob in globs]
    if not expressions:
        return _NOTHING
    return re.compile(
        "|".join(f"(?:{expression})" for expression in expressions).encode("utf-8", "surrogateescape"), re.DOTALL
    )
