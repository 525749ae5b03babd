"""Columns, declared as the fields of a dataclass.

A column holds the values of millions of rows in one piece of memory, and crosses from one process to another as the
bytes that it is. The dataclass that owns a column declares its type once; everything else takes the list from there.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import Field, field, fields
from functools import partial
from typing import Any, Protocol, TypeAlias

Ints: TypeAlias = "array[int]"
"""A column of numbers."""

Buffer: TypeAlias = "bytes | bytearray | memoryview | array[int]"
"""The memory of a column."""


class ColumnWriter(Protocol):
    """A file, or a pipe to another process, that columns are written to."""

    def write(self, data: Buffer, /) -> object:
        """Write all of the bytes."""

    def flush(self) -> None:
        """Write what is buffered."""


_Type = str | type[bytes] | type[bytearray]

_TYPE = "column"


def column(kind: _Type) -> Any:
    """Return the dataclass field of an empty column: an array of a type code, bytes, or a bytearray."""
    empty: Any = partial(array, kind) if isinstance(kind, str) else kind
    return field(default_factory=empty, metadata={_TYPE: kind})


def columns_of(record: Any) -> Iterator[Buffer]:
    """Yield the columns of a dataclass instance, in the order of its fields."""
    return (getattr(record, declared.name) for declared in _declared(record))


def columns_from(record_class: Any, buffers: Iterable[bytes]) -> dict[str, Any]:
    """Return the columns whose bytes `columns_of` gave, by the name of their field in the dataclass."""
    pairs = zip(_declared(record_class), buffers, strict=True)
    return {declared.name: _filled(declared.metadata[_TYPE], data) for declared, data in pairs}


def other_fields(record: Any) -> Mapping[str, Any]:
    """Return the fields of a dataclass instance that are not columns, by name."""
    others = (declared.name for declared in fields(record) if _TYPE not in declared.metadata and declared.init)
    return {name: getattr(record, name) for name in others}


def _declared(record: Any) -> list[Field[Any]]:
    return [declared for declared in fields(record) if _TYPE in declared.metadata]


def _filled(kind: _Type, data: bytes) -> Buffer:
    if not isinstance(kind, str):
        return kind(data)
    numbers = array(kind)
    numbers.frombytes(data)
    return numbers
