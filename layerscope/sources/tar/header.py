"""The fields of a tar header block.

ustar and pax: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_06;
GNU: https://www.gnu.org/software/tar/manual/html_node/Standard.html.
"""

from zlib import adler32

from layerscope.errors import InvalidLayer
from layerscope.model.entries import Kind, SparseMap

BLOCK = 512
ZERO_BLOCK = bytes(BLOCK)

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
"""Entry types by type flag; what is not here is a regular file, as POSIX asks of an unknown type."""

ADLER_MODULUS = 65521
SPACES_SUM = 8 * 0x20
_GNU_SPARSE = slice(386, 482)
_GNU_SPARSE_EXTENDED = 482
_GNU_SPARSE_REAL_SIZE = slice(483, 495)
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
    digits = field.partition(b"\0")[0].strip(b" ")
    return int(digits, 8) if digits else 0


def checksum_holds(header: bytes) -> bool:
    """Tell whether a header's checksum is right.

    The sum of the bytes is, modulo 65521, the low half of their Adler-32, which is computed at C speed; the signed sums
    of some old writers are added up the slow way.
    """
    try:
        stated = number(header[148:156])
    except ValueError:
        return False
    quick = (adler32(header[156:], adler32(header[:148])) & 0xFFFF) - 1 + SPACES_SUM
    if quick % ADLER_MODULUS == stated % ADLER_MODULUS:
        return True
    signed = sum(byte - 256 if byte > 127 else byte for byte in header[:148] + header[156:]) + SPACES_SUM  # noqa: PLR2004
    return signed == stated


def gnu_sparse(header: bytes) -> tuple[int, list[tuple[int, int]], bool]:
    """Return the real size of an old GNU sparse entry, the first pieces of its map, and whether more blocks follow.

    Raises ValueError where one of its numbers is broken.
    """
    pieces = _pieces(header[_GNU_SPARSE])
    return number(header[_GNU_SPARSE_REAL_SIZE]), pieces, bool(header[_GNU_SPARSE_EXTENDED])


def gnu_sparse_extension(block: bytes) -> tuple[list[tuple[int, int]], bool]:
    """Return the pieces in an extension block of a sparse map, and whether another follows; ValueError as above."""
    return _pieces(block[:504]), bool(block[504])


def _pieces(field: bytes) -> list[tuple[int, int]]:
    pieces = []
    for start in range(0, len(field), 24):
        if field[start] == 0:
            break
        pieces.append((number(field[start : start + 12]), number(field[start + 12 : start + 24])))
    return pieces


def checked_sparse_map(pieces: list[tuple[int, int]], real_size: int, stored: int, offset: int) -> SparseMap:
    """Return the map of a sparse file; raises InvalidLayer where its pieces do not lie in order inside the file."""
    reached = total = 0
    for start, length in pieces:
        if start < reached or length < 0:
            raise InvalidLayer("the map of a sparse file is broken", offset)
        reached = start + length
        total += length
    if reached > real_size or total > stored:
        raise InvalidLayer("the map of a sparse file is larger than the file", offset)
    return tuple(pieces)
