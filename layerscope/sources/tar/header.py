"""The fields of a tar header block, the numbers in them, and tables that decode fields which repeat once.

ustar and pax: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_06;
GNU: https://www.gnu.org/software/tar/manual/html_node/Standard.html.
"""

from struct import Struct
from typing import TypeVar

from layerscope.errors import InvalidLayer
from layerscope.model.entries import WHITEOUT_PREFIX, EntryTable, Kind
from layerscope.sources.tar.names import normalized

try:
    # a quarter of the time that zlib's takes, which is 5 % of the time for a layer of a million entries
    from zlib_ng.zlib_ng import adler32
except ImportError:
    from zlib import adler32

quick_sum = adler32
"""A checksum at C speed, of which a tar's own follows: see `has_valid_checksum`."""

BLOCK = 512
ZERO_BLOCK = bytes(BLOCK)

LARGEST_SIZE = (1 << 63) - 1
"""The largest size or time that a column holds."""

KINDS = {
    b"0": Kind.FILE,
    b"\0": Kind.FILE,
    b"7": Kind.FILE,
    b"S": Kind.FILE,
    b"1": Kind.HARDLINK,
    b"2": Kind.SYMLINK,
    b"3": Kind.CHAR,
    b"4": Kind.BLOCK,
    b"5": Kind.DIR,
    b"D": Kind.DIR,
    b"6": Kind.FIFO,
}
"""Entry kinds by type flag. POSIX asks that any other type is read as a regular file."""

OLD_GNU_SPARSE = b"S"
DUMP_DIRECTORY = b"D"
"""GNU's incremental directory: beside files the only entry with content. All others have none, whatever they state."""

ORDINARY_FIELDS = Struct("100s24s11sB12s8sc188xB")
"""Name, mode with uid and gid, size and its last byte, mtime, checksum, type flag, and the first byte of the prefix.

The walk unpacks these of every header, and slices the rest where it is needed.
"""

NAME = slice(0, 100)
MODE = slice(100, 108)
UID = slice(108, 116)
GID = slice(116, 124)
SIZE = slice(124, 136)
MTIME = slice(136, 148)
CHECKSUM = slice(148, 156)
TYPE_FLAG = slice(156, 157)
LINK = slice(157, 257)
MAGIC = slice(257, 263)
VERSION = slice(263, 265)
USER_NAME = slice(265, 297)
GROUP_NAME = slice(297, 329)
DEVICE_MAJOR = slice(329, 337)
DEVICE_MINOR = slice(337, 345)
PREFIX = slice(345, 500)
GNU_SPARSE_MAP = slice(386, 482)
GNU_SPARSE_CONTINUES = 482
GNU_SPARSE_REAL_SIZE = slice(483, 495)

_BEFORE_CHECKSUM = slice(0, 148)
_AFTER_CHECKSUM = slice(156, BLOCK)
_USTAR = b"ustar\0"

_ADLER_MODULUS = 65521
SPACES_SUM = 8 * 0x20
"""The checksum counts its own field as eight spaces."""

_BASE_256 = 0x80
_BASE_256_NEGATIVE = 0x40


def number(field: bytes) -> int:
    """Return the number in a numeric field: octal, or GNU's base-256; 0 where the field is blank.

    Raises ValueError where it is neither.
    """
    if field and field[0] & _BASE_256:
        value = int.from_bytes(field, "big") & ((1 << (8 * len(field) - 1)) - 1)
        if field[0] & _BASE_256_NEGATIVE:
            value -= 1 << (8 * len(field) - 1)
        return value
    digits = text(field).strip(b" ")
    return int(digits, 8) if digits else 0


def text(field: bytes) -> bytes:
    """Return the text in a field, which ends at its first zero byte."""
    return field.partition(b"\0")[0]


def has_valid_checksum(header: bytes) -> bool:
    """Return whether a header's checksum is right.

    The sum of the bytes modulo 65521 is the low half of their Adler-32, which zlib computes at C speed. Some old
    writers added signed bytes, which Python has to add up one by one.
    """
    try:
        stated = number(header[CHECKSUM])
    except ValueError:
        return False
    quick = (quick_sum(header[_AFTER_CHECKSUM], quick_sum(header[_BEFORE_CHECKSUM])) & 0xFFFF) - 1 + SPACES_SUM
    if quick % _ADLER_MODULUS == stated % _ADLER_MODULUS:
        return True
    summed = header[_BEFORE_CHECKSUM] + header[_AFTER_CHECKSUM]
    return stated == SPACES_SUM + sum(byte - 256 if byte > 127 else byte for byte in summed)  # noqa: PLR2004


def with_prefix(header: bytes, name: bytes) -> bytes:
    """Return the whole name of a ustar header. GNU headers keep other things where the prefix would be."""
    return text(header[PREFIX]) + b"/" + name if header[MAGIC] == _USTAR else name


def padded(size: int) -> int:
    """Return the size in whole blocks."""
    return (size + BLOCK - 1) // BLOCK * BLOCK


def checked_size(size: int, offset: int) -> int:
    """Return the size; raises InvalidLayer where no file can have it."""
    if not 0 <= size <= LARGEST_SIZE:
        raise InvalidLayer("a header claims an impossible size", offset)
    return size


def clamped_time(mtime: int) -> int:
    """Return the time as the nearest one that a column holds."""
    return max(-LARGEST_SIZE, min(LARGEST_SIZE, mtime))


_MOST_FIELDS = 65_536
"""Fields that a table holds. Most layers have some hundreds; a hostile one may have a new one in each header."""

_LONGEST_FOLDER = 256

Value = TypeVar("Value")


class _Decoded(dict[bytes, Value]):
    """Decoded fields; the table starts anew when it is full, so that its memory is bounded."""

    def keep(self, field: bytes, value: Value) -> Value:
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
        odd = clean is None or WHITEOUT_PREFIX in clean
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
