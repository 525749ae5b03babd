"""JSON documents, in ASCII only, so that they survive any terminal, pipe and locale."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TextIO

import msgspec
from msgspec import UNSET, Struct

_BATCH = 512
"""The number of rows that are encoded together."""

_DEEPEST = 2
"""The depth of nested objects that are spread over several lines."""

_TO_ESCAPE = re.compile(r"[^ -~]+")


class Document(Struct, kw_only=True):
    """A document. It may gain fields; to lose or change one takes a new version."""

    schema_version: int = 2


Part = Struct | Mapping[str, object]


def write_document(document: Part, file: TextIO, rows: Iterable[Struct] = ()) -> None:
    """Write a document: a field on each line, and a row of a list on each.

    ``rows`` take the place of the last field of a document whose list is too long to be in memory as a whole.
    """
    *fields, (last, value) = _fields(document)
    file.writelines(_object([*fields, (last, iter(rows) if rows else value)], 0))
    file.write("\n")


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
