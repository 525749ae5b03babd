"""Writes a JSON document: ASCII only, so that it survives any terminal, pipe and locale."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import TextIO

SCHEMA_VERSION = 1

_BATCH = 512
"""Rows handed to the file at once."""


def write_json(document: Mapping[str, object], file: TextIO) -> None:
    """Write a document that is small. Bytes that are no UTF-8 are lone surrogates in it, and stay so as escapes."""
    from json import JSONEncoder  # noqa: PLC0415  # 4 ms that tables need not pay

    _write(JSONEncoder(indent=2).encode(document) + "\n", file)


def write_json_rows(head: Mapping[str, object], name: str, rows: Iterable[Mapping[str, object]], file: TextIO) -> None:
    """Write a document whose last field, ``name``, lists the rows, one a line; they are never all in memory."""
    from json import JSONEncoder  # noqa: PLC0415

    encode = JSONEncoder().encode
    _write(f"{encode(head)[:-1]}, {encode(name)}: [", file)
    lines = map(encode, rows)
    separator = "\n"
    while batch := list(islice(lines, _BATCH)):
        _write(separator + ",\n".join(batch), file)
        separator = ",\n"
    _write("\n]}\n", file)


def _write(text: str, file: TextIO) -> None:
    # DEL is the one control character that JSON lets through
    file.write(text.replace("\x7f", "\\u007f"))
