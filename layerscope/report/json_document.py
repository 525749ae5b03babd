"""Writes a JSON document: ASCII only, so that it survives any terminal, pipe and locale."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TextIO, TypeVar

SCHEMA_VERSION = 1

Row = TypeVar("Row")

_BATCH = 512
"""Rows handed to the file at once."""

_DEEPEST = 2
"""So many objects within another are spread over lines."""


def write_json(document: Mapping[str, object], file: TextIO) -> None:
    """Write a document that is small. Bytes that are no UTF-8 are lone surrogates in it, and stay so as escapes."""
    from json import JSONEncoder  # noqa: PLC0415  # 4 ms that tables need not pay

    _write(JSONEncoder(indent=2).encode(document) + "\n", file)


def write_json_rows(head: Mapping[str, object], name: str, rows: Iterable[Mapping[str, object]], file: TextIO) -> None:
    """Write a document whose last field, ``name``, lists the rows, one a line; they are never all in memory."""
    _write_batches(head, name, map(_on_lines, _batches(rows)), file)


def write_json_lines(head: Mapping[str, object], name: str, lines: Iterable[str], file: TextIO) -> None:
    """Write the same document from rows that are JSON already, each without a line break."""
    _write_batches(head, name, map(",\n".join, _batches(lines)), file)


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Yield the rows, many at once."""
    waiting = iter(rows)
    while batch := list(islice(waiting, _BATCH)):
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
    """Return the rows, one a line, as the elements of a list; to encode each for itself takes twice as long.

    The encoder is told to write a line break between values, and never writes one within a string.
    """
    from json import JSONEncoder  # noqa: PLC0415

    text = JSONEncoder(separators=("\n", ": ")).encode(rows)[1:-1]
    return text.replace("}\n{", "},\0{").replace("\n", ", ").replace("\0", f"\n{indent}")


def _write(text: str, file: TextIO) -> None:
    # DEL is the one control character that JSON lets through
    file.write(text.replace("\x7f", "\\u007f"))


def write_json_table(document: Mapping[str, object], file: TextIO) -> None:
    """Write a document that may be large: objects over several lines down to the second level, each row on one."""
    from json import JSONEncoder  # noqa: PLC0415

    _write("".join(_laid_out(document, JSONEncoder().encode, 0)) + "\n", file)


def _laid_out(value: object, encode: Callable[[object], str], depth: int) -> Iterator[str]:
    """Yield the pieces of a value; what lies deeper than two objects stands on one line."""
    if isinstance(value, Mapping) and value and depth < _DEEPEST:
        pieces = [[f"{encode(key)}: ", *_laid_out(each, encode, depth + 1)] for key, each in value.items()]
        brackets = "{}"
    elif isinstance(value, list) and value and isinstance(value[0], Mapping) and depth <= _DEEPEST:
        pieces, brackets = [[_on_lines(value, indent=f"{'  ' * depth}  ")]], "[]"
    else:
        yield encode(value)
        return
    indent = "  " * depth
    yield brackets[0]
    for place, piece in enumerate(pieces):
        yield f"{',' if place else ''}\n{indent}  "
        yield from piece
    yield f"\n{indent}{brackets[1]}"
