"""The records of PAX extended headers.

https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_03
"""

import base64
import binascii
from urllib.parse import unquote_to_bytes

from layerscope.errors import InvalidLayer
from layerscope.model.entries import Xattrs
from layerscope.sources.tar.header import number

Records = dict[bytes, bytes]

NO_RECORDS: Records = {}
SPARSE_MAP = b"GNU.sparse.map"
_SPARSE_OFFSET = b"GNU.sparse.offset"
_SPARSE_LENGTH = b"GNU.sparse.numbytes"
_SCHILY_XATTR = b"SCHILY.xattr."
_LIBARCHIVE_XATTR = b"LIBARCHIVE.xattr."
_NEWLINE = 0x0A
_LONGEST_LENGTH = 20
"""Bytes within which the length of a record and its space must be found."""


def parse_records(body: bytes, offset: int) -> Records:
    """Return the records of an extended header that starts at ``offset`` of the tar.

    The pairs of a version 0.0 sparse map, which repeat their keys, come out as one ``GNU.sparse.map`` record. Raises
    InvalidLayer where a record is broken.
    """
    records: Records = {}
    sparse: list[bytes] = []
    at, end = 0, len(body)
    while at < end and body[at]:
        space = body.find(b" ", at, at + _LONGEST_LENGTH)
        try:
            following = at + int(body[at:space])
        except ValueError:
            following = 0
        key, equals, value = body[space + 1 : following - 1].partition(b"=")
        if not at <= space < following <= end or not equals or body[following - 1] != _NEWLINE:
            raise InvalidLayer("a PAX record is broken", offset + at)
        if key in (_SPARSE_OFFSET, _SPARSE_LENGTH):
            sparse.append(value)
        else:
            records[key] = value
        at = following
    if sparse:
        records[SPARSE_MAP] = b",".join(sparse)
    return records


def xattrs_of(records: Records) -> Xattrs:
    """Return the extended attributes in the records, sorted by name."""
    xattrs = {}
    for key, value in records.items():
        if key.startswith(_SCHILY_XATTR):
            xattrs[key[len(_SCHILY_XATTR) :]] = value
        elif key.startswith(_LIBARCHIVE_XATTR):
            name = unquote_to_bytes(key[len(_LIBARCHIVE_XATTR) :])
            xattrs.setdefault(name, _base64(value))
    return tuple(sorted(xattrs.items()))


def _base64(value: bytes) -> bytes:
    try:
        return base64.b64decode(value + b"=" * (-len(value) % 4))
    except binascii.Error:
        return value


def numeric(records: Records, key: bytes, header_field: bytes, offset: int) -> int:
    """Return the number in a record, or else in the header field; raises InvalidLayer where it is broken."""
    value = records.get(key)
    if value is not None:
        return decimal(value, key, offset)
    try:
        return number(header_field)
    except ValueError as error:
        raise InvalidLayer(f"a header has a broken {key.decode()} field", offset) from error


def decimal(value: bytes, key: bytes, offset: int) -> int:
    """Return the decimal number in a record without its fraction; raises InvalidLayer where it is broken."""
    try:
        return int(value.partition(b".")[0])
    except ValueError as error:
        raise InvalidLayer(f"a PAX record has a broken {key.decode()}", offset) from error
