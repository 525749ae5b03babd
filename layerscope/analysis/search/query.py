"""Queries for paths: plain text, a glob, or a regular expression."""

import re
from collections.abc import Iterator
from time import monotonic

from msgspec import Struct

from layerscope.analysis.search.expression import Expression, Pattern
from layerscope.analysis.search.globs import NAMES_A_BATCH, Globs, name_pattern, spellings
from layerscope.analysis.tree.path_index import PathIndex
from layerscope.errors import UsageError

REGEX_PREFIX = "re:"

_LITERAL_NAMES_A_BATCH = 1 << 14
_SECONDS_A_BATCH = 0.005
"""The seconds after which a batch of an expression that is slow on each path ends."""


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

    def hits(self, index: PathIndex) -> Iterator[list[int]]:
        """Yield the nodes that match, ascending, in batches: an empty one where a part of the paths has no match.

        Raises UsageError if a regular expression takes too long.
        """
        if self.literal is not None:
            return self._literal_hits(index, self.literal)
        if isinstance(self.pattern, Globs):
            return self.pattern.hits(index)
        return self._path_hits(index) if self.on_path else self._name_hits(index)

    def _literal_hits(self, index: PathIndex, literal: bytes) -> Iterator[list[int]]:
        """Search in pieces: all names in lower case at once would double their memory."""
        for first in range(1, len(index), _LITERAL_NAMES_A_BATCH):
            yield [*index.holding(literal, first, first + _LITERAL_NAMES_A_BATCH, ignore_case=True)]

    def _name_hits(self, index: PathIndex) -> Iterator[list[int]]:
        search = self.pattern.search
        for first in range(1, len(index), NAMES_A_BATCH):
            names = enumerate(index.names_of(first, first + NAMES_A_BATCH).split(b"/"), first)
            yield [node for node, name in names if search(name)]

    def _path_hits(self, index: PathIndex) -> Iterator[list[int]]:
        search, folders, hits = self.pattern.search, [b""], list[int]()
        first, due = 1, monotonic() + _SECONDS_A_BATCH
        try:
            for node in range(1, len(index)):
                del folders[index.depths[node] :]
                path = folders[-1] + b"/" + index.name(node)
                folders.append(path)
                if search(path):
                    hits.append(node)
                if node - first >= NAMES_A_BATCH or monotonic() > due:
                    yield hits
                    hits, first, due = [], node, monotonic() + _SECONDS_A_BATCH
        except UsageError:
            yield hits
            raise
        yield hits


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
        return Query(text, Globs([text], flags) if on_path else name_pattern(text, flags), on_path)
    expression = spellings(text).encode("utf-8", "surrogateescape")
    is_literal = flags and not on_path and text.isascii() and "\\" not in text
    return Query(text, re.compile(expression, flags), on_path, text.lower().encode() if is_literal else None)
