"""JSON documents, in ASCII only, so that they survive any terminal, pipe and locale."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TextIO, TypeVar

SCHEMA_VERSION = 2

Row = TypeVar("Row")

_BATCH = 512
"""The number of rows that are encoded together."""

_DEEPEST = 2
"""The depth of nested objects that are spread over several lines."""


def write_json(document: Mapping[str, object], file: TextIO) -> None:
    """Write a document with one field on a line.

    Lone surrogates, which stand for bytes that are not UTF-8, become escapes.
    """
    from json import JSONEncoder  # noqa: PLC0415  # 4 ms that tables need not pay

    # The text of 65,000 layers as one string, and the pieces it is joined from, would take four times as much memory.
    for pieces in _batches(JSONEncoder(indent=2).iterencode(document)):
        _write("".join(pieces), file)
    _write("\n", file)


def write_json_rows(head: Mapping[str, object], name: str, rows: Iterable[Mapping[str, object]], file: TextIO) -> None:
    """Write a document whose last field, ``name``, lists the rows, one per line; they are never all in memory."""
    _write_batches(head, name, map(_on_lines, _batches(rows)), file)


def write_json_lines(head: Mapping[str, object], name: str, lines: Iterable[str], file: TextIO) -> None:
    """Write the same document from rows that are already JSON, each without a line break."""
    _write_batches(head, name, map(",\n".join, _batches(lines)), file)


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Yield the rows in batches."""
    remaining = iter(rows)
    while batch := list(islice(remaining, _BATCH)):
        yield batch


def _write_batches(head: Mapping[str, object], name: str, batches: Iterable[str], file: TextIO) -> None:
    from json import JSONEncoder  # noqa: PLC0415

    encode = JSONEncoder().encode
    _write(f"{encode(head)[:-1]}, {encode(name)}: [", file)
    separator = "\n"
    for batch in batches:
        _write(separator + batch, file)
        separator = ",\n"
    _write("\n]}\n", file)


def _on_lines(rows: Sequence[Mapping[str, object]], indent: str = "") -> str:
    """Return the rows, one per line, as the elements of a list; encoding each by itself takes twice as long.

    The encoder puts a line break between values, and never writes one within a string.
    """
    from json import JSONEncoder  # noqa: PLC0415

    text = JSONEncoder(separators=("\n", ": ")).encode(rows)[1:-1]
    return text.replace("}\n{", "},\0{").replace("\n", ", ").replace("\0", f"\n{indent}")


def _write(text: str, file: TextIO) -> None:
    # DEL is the one control character that JSON does not escape.
    file.write(text.replace("\x7f", "\\u007f"))


def write_json_table(document: Mapping[str, object], file: TextIO) -> None:
    """Write a document that may be large: the top two levels of objects over several lines, each row on one."""
    from json import JSONEncoder  # noqa: PLC0415

    _write("".join(_laid_out(document, JSONEncoder().encode, 0)) + "\n", file)


def _laid_out(value: object, encode: Callable[[object], str], depth: int) -> Iterator[str]:
    """Yield the pieces of a value; objects below the second level are written on one line."""
    if isinstance(value, Mapping) and value and depth < _DEEPEST:
        pieces = [[f"{encode(key)}: ", *_laid_out(item, encode, depth + 1)] for key, item in value.items()]
        brackets = "{}"
    elif isinstance(value, list) and value and isinstance(value[0], Mapping) and depth <= _DEEPEST:
        pieces, brackets = [[_on_lines(value, indent=f"{'  ' * depth}  ")]], "[]"
    else:
        yield encode(value)
        return
    indent = "  " * depth
    yield brackets[0]
    for number, piece in enumerate(pieces):
        yield f"{',' if number else ''}\n{indent}  "
        yield from piece
    yield f"\n{indent}{brackets[1]}"
