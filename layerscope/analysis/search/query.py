"""Queries for paths: plain text, a glob, or a regular expression."""

import re
from collections.abc import Iterator
from itertools import compress
from time import monotonic

from msgspec import Struct

from layerscope.analysis.search.expression import Expression, Pattern
from layerscope.analysis.search.globs import NAMES_A_BATCH, Globs, name_parts, name_pattern, spellings
from layerscope.analysis.search.name_flags import NamePart, name_flags, searched_names
from layerscope.analysis.tree.flags import both, either, flags_at
from layerscope.analysis.tree.path_index import PathIndex
from layerscope.errors import UsageError


class TextSearch(Struct, frozen=True):
    """The names that a text with a slash consists of; a text without one is a part of a name.

    A path holds what the path of its folder holds. So the text matches the nodes whose names have the last part, in
    folders whose names have the others, and all that is ``below`` them. Of a text that ends with a slash, the folders
    do not match ``themselves``.
    """

    parts: tuple[NamePart, ...]
    ignore_case: bool
    below: bool = False
    themselves: bool = True

    def flags(self, index: PathIndex) -> Iterator[bytes]:
        """Yield the flags of all nodes that match, in batches."""
        yield b"\0"
        folders = [bytearray(len(index)) for _ in self.parts[1:]]
        below = bytearray(len(index) if self.below else 0)
        for nodes, names in searched_names(index, ignore_case=self.ignore_case):
            flags = name_flags(names, len(nodes), self.parts[:1])
            for above, part in zip(folders, self.parts[1:], strict=True):
                above[nodes.start : nodes.stop] = flags
                flags = _in_folders(index, nodes, above, name_flags(names, len(nodes), [part]))
            if self.below:
                index.flag_below(both(flags, index.folder_flags(nodes)), nodes.start, below)
                others = bytes(below[nodes.start : nodes.stop])
                flags = either(flags, others) if self.themselves else others
            yield flags


def text_search(text: bytes, *, ignore_case: bool) -> TextSearch:
    """Return the search for a text."""
    first, *others = text.split(b"/")
    if not others:
        return TextSearch((NamePart(first),), ignore_case)
    *middle, last = others
    parts = [NamePart(first, end=True)] if first else []
    parts += [NamePart(name, start=True, end=True) for name in middle]
    parts += [NamePart(last, start=True)] if last else []
    return TextSearch(tuple(parts), ignore_case, below=True, themselves=bool(last or not parts))


def _in_folders(index: PathIndex, nodes: range, folders: bytearray, flags: bytes) -> bytes:
    """Return the flags of nodes that are directly in a flagged folder."""
    parents = compress(index.parents[nodes.start : nodes.stop], flags)
    return flags_at(nodes, compress(compress(nodes, flags), map(folders.__getitem__, parents)))


REGEX_PREFIX = "re:"

_SECONDS_A_BATCH = 0.005
"""The seconds after which a batch of an expression that is slow on each path ends."""


class Query(Struct, frozen=True):
    """A compiled query for names, or, if ``on_path``, for whole paths with their leading slash.

    The nodes that match a ``text_search`` match the query, if it has one. Else each name that matches has the
    ``parts``, and if these are ``enough``, no other name has them.
    """

    text: str
    pattern: Pattern
    on_path: bool
    ignore_case: bool = False
    text_search: TextSearch | None = None
    parts: tuple[NamePart, ...] = ()
    enough: bool = False

    def matches(self, name: str) -> bool:
        """Return whether the query finds a single name, such as that of an image, or its last part."""
        path = f"/{name}".encode("utf-8", "surrogateescape")
        if self.on_path:
            return bool(self.pattern.search(path))
        return bool(self.pattern.search(path[1:]) or self.pattern.search(path.rpartition(b"/")[2]))

    def flags(self, index: PathIndex) -> Iterator[bytes]:
        """Yield the flags of all nodes that match, in batches.

        Raises UsageError if a regular expression takes too long.
        """
        if self.text_search is not None:
            return self.text_search.flags(index)
        if isinstance(self.pattern, Globs):
            return self.pattern.flags(index)
        return self._path_flags(index) if self.on_path else self._name_flags(index)

    def _name_flags(self, index: PathIndex) -> Iterator[bytes]:
        yield b"\0"
        for nodes, names in searched_names(index, ignore_case=self.ignore_case):
            flags = name_flags(names, len(nodes), self.parts)
            yield flags if self.enough else self._matching(names, nodes, flags)

    def _matching(self, names: bytes, nodes: range, flags: bytes) -> bytes:
        """Return the flags of names that the pattern matches."""
        named = compress(zip(nodes, names[1:].split(b"/"), strict=False), flags)
        search = self.pattern.search
        return flags_at(nodes, (node for node, name in named if search(name)))

    def _path_flags(self, index: PathIndex) -> Iterator[bytes]:
        search, folders, flags = self.pattern.search, [b""], bytearray(1)
        due = monotonic() + _SECONDS_A_BATCH
        try:
            for node in range(1, len(index)):
                del folders[index.depths[node] :]
                path = folders[-1] + b"/" + index.name(node)
                folders.append(path)
                flags.append(bool(search(path)))
                if len(flags) >= NAMES_A_BATCH or monotonic() > due:
                    yield bytes(flags)
                    flags.clear()
                    due = monotonic() + _SECONDS_A_BATCH
        except UsageError:
            yield bytes(flags)
            raise
        yield bytes(flags)


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
    on_path, has_escapes = "/" in text, "\\" in text
    if "*" in text or "?" in text:
        if on_path:
            return Query(text, Globs([text], flags), on_path=True)
        parts = () if has_escapes else name_parts(text)
        enough = not has_escapes and "?" not in text and len(parts) <= 1
        return Query(
            text, name_pattern(text, flags), on_path=False, ignore_case=bool(flags), parts=parts, enough=enough
        )
    name = text.encode("utf-8", "surrogateescape")
    search = None if has_escapes else text_search(name, ignore_case=bool(flags))
    expression = spellings(text).encode("utf-8", "surrogateescape")
    return Query(text, re.compile(expression, flags), on_path, bool(flags), search)
