"""Look-up tables of the walk: fields that repeat from header to header are decoded once."""

from layerscope.model.entries import EntryTable
from layerscope.model.whiteout import PREFIX
from layerscope.sources.tar.header import SPACES_SUM, clamped_time, number
from layerscope.sources.tar.names import normalized


class PermissionIds(dict[bytes, int]):
    """The table's permission index by the fields mode, uid and gid in a row; ValueError where one is broken."""

    def __init__(self, table: EntryTable) -> None:
        super().__init__()
        self._table = table

    def __missing__(self, fields: bytes) -> int:
        mode, uid, gid = number(fields[:8]), number(fields[8:16]), number(fields[16:])
        value = self[fields] = self._table.permission_id(mode & 0o7777, uid & 0xFFFFFFFF, gid & 0xFFFFFFFF)
        return value


class Parents(dict[bytes, bytes | None]):
    """The normalized path of a parent folder with its slash; None where the whole name needs a closer look."""

    def __missing__(self, folder: bytes) -> bytes | None:
        clean = normalized(folder)
        odd = clean is None or PREFIX in clean
        value = self[folder] = None if odd or clean is None else clean + b"/" if clean else b""
        return value


class Times(dict[bytes, int]):
    """The time in an mtime field; ValueError where it is broken."""

    def __missing__(self, field: bytes) -> int:
        value = self[field] = clamped_time(number(field))
        return value


class Sums(dict[bytes, int]):
    """The low half of a whole header's Adler-32 by its checksum field, for a quick check; -1 for an odd field."""

    def __missing__(self, field: bytes) -> int:
        try:
            value = number(field) - SPACES_SUM + sum(field) + 1
        except ValueError:
            value = -1
        self[field] = value
        return value
