"""The records of PAX extended headers.

https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_03
"""

import base64
import binascii
from collections.abc import Mapping
from functools import cached_property
from urllib.parse import unquote_to_bytes

from msgspec import Struct

from layerscope.errors import InvalidLayer
from layerscope.model.entries import Xattrs
from layerscope.sources.tar.header import number
from layerscope.sources.tar.names import Allowance

Values = Mapping[bytes, bytes]

NO_VALUES: Values = {}
PATH = b"path"
LINK_PATH = b"linkpath"
MTIME_KEY = b"mtime"
SPARSE_MAP = b"GNU.sparse.map"
SPARSE_MAJOR = b"GNU.sparse.major"
SPARSE_NAME = b"GNU.sparse.name"
SPARSE_REAL_SIZE = b"GNU.sparse.realsize"
SPARSE_SIZE = b"GNU.sparse.size"
_ORDINARY = frozenset({PATH, LINK_PATH, MTIME_KEY})
_KNOWN = _ORDINARY | {
    b"size",
    b"uid",
    b"gid",
    SPARSE_MAP,
    SPARSE_MAJOR,
    SPARSE_NAME,
    SPARSE_REAL_SIZE,
    SPARSE_SIZE,
}
_SPARSE_PAIR = (b"GNU.sparse.offset", b"GNU.sparse.numbytes")
_SCHILY_XATTR = b"SCHILY.xattr."
_LIBARCHIVE_XATTR = b"LIBARCHIVE.xattr."
_XATTRS = (_SCHILY_XATTR, _LIBARCHIVE_XATTR)
_XATTR_MEMORY = 200
"""Bytes that an extended attribute takes beside its record."""

_NEWLINE = 0x0A
_LONGEST_LENGTH = 20
"""Bytes within which the length of a record and its space must be found."""


class XattrRecords:
    """The records of extended attributes in extended headers. They are never changed, because entries share them."""

    def __init__(self, records: Values) -> None:
        self.records = records

    @cached_property
    def xattrs(self) -> Xattrs:
        """The extended attributes, sorted by name."""
        xattrs = {}
        for key, value in self.records.items():
            # One without a value is an attribute all the same, as the engines read it.
            if key.startswith(_SCHILY_XATTR):
                xattrs[key[len(_SCHILY_XATTR) :]] = value
            else:
                xattrs.setdefault(unquote_to_bytes(key[len(_LIBARCHIVE_XATTR) :]), _base64(value))
        return tuple(sorted(xattrs.items()))


NO_XATTRS = XattrRecords({})


class Records(Struct, frozen=True, eq=False):
    """The records of extended headers that matter to a listing. They are never changed, because entries share them."""

    values: Values
    xattrs: XattrRecords
    is_ordinary: bool = False
    """True if there is nothing but a name, a link and a time."""

    def without_blanks(self) -> "Records":
        """Return the records without those that have no value, which leave the header's in place."""
        if all(self.values.values()):
            return self
        return Records({key: value for key, value in self.values.items() if value}, self.xattrs)


NO_RECORDS = Records(NO_VALUES, NO_XATTRS, is_ordinary=True)


def parse_records(body: bytes, offset: int, allowance: Allowance) -> Records:
    """Return the records of an extended header that starts at ``offset`` of the tar.

    The pairs of a version 0.0 sparse map, which repeat their keys, come out as one ``GNU.sparse.map`` record. Raises
    InvalidLayer where a record is broken, or where there are more than the allowance permits.
    """
    values: dict[bytes, bytes] = {}
    xattrs: dict[bytes, bytes] = {}
    sparse: list[bytes] = []
    is_ordinary = True
    at, end, left = 0, len(body), allowance.records
    while at < end and body[at] and left >= 0:
        space = body.find(b" ", at, at + _LONGEST_LENGTH)
        try:
            following = at + int(body[at:space])
        except ValueError:
            following = 0
        key, equals, value = body[space + 1 : following - 1].partition(b"=")
        if not at <= space < following <= end or not equals or body[following - 1] != _NEWLINE:
            raise InvalidLayer("a PAX record is broken", offset + at)
        if key in _ORDINARY:
            values[key] = value
        elif key in _KNOWN:
            values[key] = value
            is_ordinary = False
        elif key.startswith(_XATTRS):
            allowance.add_memory(len(key) + len(value) + _XATTR_MEMORY)
            xattrs[key] = value
        elif key in _SPARSE_PAIR:
            sparse.append(value)
        at = following
        left -= 1
    allowance.use_records(allowance.records - left)
    if sparse:
        values[SPARSE_MAP] = b",".join(sparse)
        is_ordinary = False
    if xattrs:
        return Records(values, XattrRecords(xattrs))
    return Records(values, NO_XATTRS, is_ordinary)


def _base64(value: bytes) -> bytes:
    try:
        return base64.b64decode(value + b"=" * (-len(value) % 4))
    except binascii.Error:
        return value


def numeric(values: Values, key: bytes, header_field: bytes, offset: int) -> int:
    """Return the number in a record, or else in the header field; raises InvalidLayer where it is broken."""
    value = values.get(key)
    if value is not None:
        return decimal(value, key, offset)
    try:
        return number(header_field)
    except ValueError as error:
        raise InvalidLayer(f"a header has a broken {key.decode()} field", offset) from error


def decimal(value: bytes, key: bytes, offset: int) -> int:
    """Return the decimal number in a record, rounded down; raises InvalidLayer where it is broken."""
    whole, _, fraction = value.partition(b".")
    try:
        return int(whole) - (whole[:1] == b"-" and fraction.strip(b"0") != b"")
    except ValueError as error:
        raise InvalidLayer(f"a PAX record has a broken {key.decode()}", offset) from error
