"""Look-up tables of the walk: fields that repeat from header to header are decoded once."""

from typing import TypeVar

from layerscope.model.entries import EntryTable
from layerscope.model.whiteout import PREFIX
from layerscope.sources.tar.header import SPACES_SUM, clamped_time, number
from layerscope.sources.tar.names import normalized

_MOST_FIELDS = 65_536
"""Fields that a table holds. Most layers have some hundreds; a hostile one may have a new one in each header."""

_LONGEST_FOLDER = 256

Value = TypeVar("Value")


class _Decoded(dict[bytes, Value]):
    """Decoded fields; the table starts anew when it is full, so that its memory is bounded."""

    def keep(self, field: bytes, value: Value) -> Value:
        """Keep the value of a field, and return it."""
        if len(self) >= _MOST_FIELDS:
            self.clear()
        self[field] = value
        return value


class PermissionIds(_Decoded[int]):
    """The table's permission index by the fields mode, uid and gid in a row; ValueError where one is broken."""

    def __init__(self, table: EntryTable) -> None:
        super().__init__()
        self._table = table

    def __missing__(self, fields: bytes) -> int:
        mode, uid, gid = number(fields[:8]), number(fields[8:16]), number(fields[16:])
        return self.keep(fields, self._table.permission_id(mode & 0o7777, uid & 0xFFFFFFFF, gid & 0xFFFFFFFF))


class Parents(_Decoded[bytes | None]):
    """The normalized path of a parent folder; None where the whole name needs a closer look."""

    def __missing__(self, folder: bytes) -> bytes | None:
        clean = normalized(folder)
        odd = clean is None or PREFIX in clean
        value = None if odd else clean
        return self.keep(folder, value) if len(folder) <= _LONGEST_FOLDER else value


class Times(_Decoded[int]):
    """The time in an mtime field; ValueError where it is broken."""

    def __missing__(self, field: bytes) -> int:
        value = clamped_time(number(field))
        # not by keep(): nearly each file of some layers has a time of its own
        if len(self) >= _MOST_FIELDS:
            self.clear()
        self[field] = value
        return value


class Sums(_Decoded[int]):
    """The low half of a whole header's Adler-32 by its checksum field, for a quick check; -1 for an odd field."""

    def __missing__(self, field: bytes) -> int:
        try:
            value = number(field) - SPACES_SUM + sum(field) + 1
        except ValueError:
            value = -1
        return self.keep(field, value)
