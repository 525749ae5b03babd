"""JSON documents, in ASCII only, so that they survive any terminal, pipe and locale."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TextIO, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType

_BATCH = 512
"""The number of rows that are encoded together."""

_DEEPEST = 2
"""The depth of nested objects that are spread over several lines."""

_TO_ESCAPE = re.compile(r"[^ -~]+")


class Document(Struct, kw_only=True):
    """A document. It may gain fields; to lose or change one takes a new version."""

    schema_version: int = 2


class Listing(Document, kw_only=True):
    """A document with rows, of which a limit may leave out some: it then has ``left_out``."""

    left_out: int | UnsetType = UNSET


Part = Struct | Mapping[str, object]
Row = TypeVar("Row")


class Limit:
    """Lets the first rows of a list pass, all if ``most`` is None, and counts those that it leaves out."""

    def __init__(self, most: int | None = None) -> None:
        self.most = most
        self.left_out = 0

    def __call__(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield the first rows; the others are counted when these have been taken."""
        rows = iter(rows)
        yield from islice(rows, self.most)
        self.left_out += sum(1 for _ in rows)


NO_LIMIT = Limit()


def write_document(document: Part, file: TextIO, rows: Iterable[Struct] = (), limit: Limit = NO_LIMIT) -> None:
    """Write a document: a field on each line, and a row of a list on each.

    ``rows`` take the place of the last field of a document whose list is too long to be in memory as a whole.
    What the ``limit`` left out of the document and of the rows comes after them.
    """
    file.writelines(_object(_with_rows(_fields(document), rows, limit), 0))
    file.write("\n")


def _with_rows(
    fields: Sequence[tuple[str, object]], rows: Iterable[Struct], limit: Limit
) -> Iterator[tuple[str, object]]:
    *head, (last, value) = fields
    yield from (*head, (last, iter(rows) if rows else value))
    if limit.most is not None:
        # known once the rows have been written
        yield "left_out", limit.left_out


def _fields(part: Part) -> list[tuple[str, object]]:
    if isinstance(part, Mapping):
        return list(part.items())
    names = zip(part.__struct_encode_fields__, part.__struct_fields__, strict=True)
    return [(key, value) for key, name in names if (value := getattr(part, name)) is not UNSET]


def _object(fields: Iterable[tuple[str, object]], depth: int) -> Iterator[str]:
    indent, bracket = "  " * depth, "{"
    for key, value in fields:
        yield f"{bracket}\n{indent}  {_encoded(key)}: "
        yield from _value(value, depth + 1)
        bracket = ","
    yield f"\n{indent}}}"


def _value(value: object, depth: int) -> Iterator[str]:
    """Yield the pieces of a value; objects below the second level are written on one line."""
    if isinstance(value, (Struct, Mapping)) and value and depth < _DEEPEST:
        yield from _object(_fields(value), depth)
    elif isinstance(value, Iterator):
        yield from _rows(value, "  " * depth)
    elif isinstance(value, list) and value and isinstance(value[0], Struct):
        yield from _rows(iter(value), "  " * depth)
    else:
        yield _encoded(value)


def _rows(rows: Iterator[Struct], indent: str) -> Iterator[str]:
    """Yield the rows in batches: the text of 65,000 layers as one string would take four times as much memory."""
    bracket = "["
    while batch := list(islice(rows, _BATCH)):
        # A quote within a string is escaped, so that these characters are only found between two rows.
        between = f', {{"{batch[0].__struct_encode_fields__[0]}": '
        lines = _encoded(batch)[1:-1].replace(f"}}{between}", f"}},\n{indent}  {between[2:]}")
        yield f"{bracket}\n{indent}  {lines}"
        bracket = ","
    yield "[]" if bracket == "[" else f"\n{indent}]"


def _encoded(value: object) -> str:
    """Return a value as JSON on one line. Lone surrogates, which stand for bytes that are not UTF-8, become escapes."""
    try:
        text = msgspec.json.format(msgspec.json.encode(value), indent=0).decode()
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(value))
    is_plain = text.isascii() and "\x7f" not in text
    return text if is_plain else _TO_ESCAPE.sub(lambda match: json.dumps(match[0])[1:-1], text)
