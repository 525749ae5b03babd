"""PAX extended headers, and the GNU sparse formats that live in them.

https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_03;
https://www.gnu.org/software/tar/manual/html_section/Sparse-Formats.html.
"""

import base64
import binascii
from urllib.parse import unquote_to_bytes

from layerscope.errors import InvalidLayer
from layerscope.model.entries import Xattrs

Records = dict[bytes, bytes]

_SCHILY_XATTR = b"SCHILY.xattr."
_LIBARCHIVE_XATTR = b"LIBARCHIVE.xattr."
_SPARSE_OFFSET = b"GNU.sparse.offset"
_SPARSE_LENGTH = b"GNU.sparse.numbytes"
_SPARSE_MAP = b"GNU.sparse.map"
_SPARSE_SIZE = b"GNU.sparse.size"
_NEWLINE = 0x0A
_MOST_DIGITS = 19
"""Digits of the largest offset there can be, 2^63 - 1."""


def parse_records(body: bytes, offset: int) -> Records:
    """Return the records of an extended header that starts at ``offset`` of the tar.

    The pairs of a version 0.0 sparse map, which repeat their keys, come out as one ``GNU.sparse.map`` record.
    """
    records: Records = {}
    sparse: list[bytes] = []
    at, end = 0, len(body)
    while at < end and body[at]:
        space = body.find(b" ", at, at + 20)
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
        records[_SPARSE_MAP] = b",".join(sparse)
    return records


def xattrs_of(records: Records) -> Xattrs:
    """Return the extended attributes that the records hold, sorted by name."""
    found = {}
    for key, value in records.items():
        if key.startswith(_SCHILY_XATTR):
            found[key[len(_SCHILY_XATTR) :]] = value
        elif key.startswith(_LIBARCHIVE_XATTR):
            name = unquote_to_bytes(key[len(_LIBARCHIVE_XATTR) :])
            found.setdefault(name, _base64(value))
    return tuple(sorted(found.items()))


def _base64(value: bytes) -> bytes:
    try:
        return base64.b64decode(value + b"=" * (-len(value) % 4))
    except binascii.Error:
        return value


def sparse_pieces(records: Records, offset: int) -> list[tuple[int, int]] | None:
    """Return the pieces of a version 0.0 or 0.1 sparse map, or None where there is none."""
    text = records.get(_SPARSE_MAP)
    if text is None:
        return [] if _SPARSE_SIZE in records else None
    return paired(text.split(b","), offset)


def paired(numbers: list[bytes], offset: int) -> list[tuple[int, int]]:
    """Return decimal numbers as pairs of offset and length; raises InvalidLayer where they are no pairs of numbers."""
    if len(numbers) % 2 or not all(text.isdigit() and len(text) <= _MOST_DIGITS for text in numbers):
        raise InvalidLayer("the map of a sparse file is broken", offset)
    values = iter(map(int, numbers))
    return list(zip(values, values, strict=True))


def is_sparse_version_1(records: Records) -> bool:
    """Tell whether the map stands in front of the data."""
    return records.get(b"GNU.sparse.major") == b"1"
