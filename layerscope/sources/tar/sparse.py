"""The maps of sparse files: the old GNU format and the three formats in PAX records.

https://www.gnu.org/software/tar/manual/html_section/Sparse-Formats.html
"""

from dataclasses import dataclass

from layerscope.errors import InvalidLayer
from layerscope.model.entries import SparseMap
from layerscope.sources.tar.blocks import TarBlocks
from layerscope.sources.tar.header import (
    BLOCK,
    GNU_SPARSE_CONTINUES,
    GNU_SPARSE_MAP,
    GNU_SPARSE_REAL_SIZE,
    OLD_GNU_SPARSE,
    TYPE_FLAG,
    checked_size,
    number,
    padded,
)
from layerscope.sources.tar.pax import SPARSE_MAP, Records, numeric

_PIECE = 24
"""Bytes of a piece in an old GNU map: its offset and its length."""

_EXTENSION_MAP = slice(0, 504)
_EXTENSION_CONTINUES = 504

_LONGEST_MAP = 4 * 1024 * 1024
_MOST_DIGITS = 19
"""Digits of 2^63 - 1, the largest offset in a file."""

_Pieces = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class FileContent:
    """The size of a regular file, the offset of its stored bytes, and its map, which is None for an ordinary file."""

    size: int
    data_offset: int
    sparse: SparseMap | None


def file_content(header: bytes, records: Records, stored: int, offset: int, blocks: TarBlocks) -> FileContent:
    """Return the content of the file whose ``stored`` bytes start at ``offset``, its map included.

    Raises InvalidLayer where its sparse map is broken.
    """
    if header[TYPE_FLAG] == OLD_GNU_SPARSE:
        return _old_gnu_content(header, stored, offset, blocks)
    if records.get(b"GNU.sparse.major") == b"1":
        size = numeric(records, b"GNU.sparse.realsize", b"", offset)
        pieces, data = _leading_map(stored, offset, blocks)
    elif SPARSE_MAP in records or b"GNU.sparse.size" in records:
        size, data = numeric(records, b"GNU.sparse.size", b"", offset), offset
        pieces = _record_map(records, offset)
    else:
        return FileContent(stored, offset, None)
    size = checked_size(size, offset)
    return FileContent(size, data, _checked_map(pieces, size, stored - (data - offset), offset))


def _old_gnu_content(header: bytes, stored: int, offset: int, blocks: TarBlocks) -> FileContent:
    """Return the content of an old GNU entry, whose map starts in its header and goes on in blocks behind it."""
    try:
        pieces = _old_gnu_pieces(header[GNU_SPARSE_MAP])
        size = number(header[GNU_SPARSE_REAL_SIZE])
        continues = header[GNU_SPARSE_CONTINUES]
        while continues:
            block = blocks.fetch(offset, BLOCK)[:BLOCK]
            if len(block) < BLOCK or len(pieces) > _LONGEST_MAP // _PIECE:
                raise InvalidLayer("the map of a sparse file is cut off", offset)
            pieces += _old_gnu_pieces(block[_EXTENSION_MAP])
            continues = block[_EXTENSION_CONTINUES]
            offset += BLOCK
    except ValueError as error:
        raise InvalidLayer("the map of a sparse file is broken", offset) from error
    size = checked_size(size, offset)
    return FileContent(size, offset, _checked_map(pieces, size, stored, offset))


def _old_gnu_pieces(field: bytes) -> _Pieces:
    pieces = []
    for start in range(0, len(field), _PIECE):
        if field[start] == 0:
            break
        middle, end = start + _PIECE // 2, start + _PIECE
        pieces.append((number(field[start:middle]), number(field[middle:end])))
    return pieces


def _record_map(records: Records, offset: int) -> _Pieces:
    """Return the pieces of a version 0.0 or 0.1 map, which is a record."""
    value = records.get(SPARSE_MAP)
    return [] if value is None else _pairs(value.split(b","), offset)


def _leading_map(stored: int, offset: int, blocks: TarBlocks) -> tuple[_Pieces, int]:
    """Return the pieces of a version 1.0 map, which is stored in front of the data, and the data's offset."""
    window = min(stored, _LONGEST_MAP)
    text = blocks.fetch(offset, min(window, BLOCK))[:window]
    count = text.partition(b"\n")[0]
    if not count.isdigit() or int(count) > _LONGEST_MAP // 4:
        raise InvalidLayer("the map of a sparse file is broken", offset)
    lines = 1 + 2 * int(count)
    need = BLOCK
    while text.count(b"\n") < lines and need < window:
        need = min(window, need * 4)
        text = blocks.fetch(offset, need)[:need]
    numbers = text.split(b"\n", lines)
    if len(numbers) <= lines:
        raise InvalidLayer("the map of a sparse file is cut off", offset)
    used = sum(map(len, numbers[:lines])) + lines
    return _pairs(numbers[1:lines], offset), offset + padded(used)


def _pairs(numbers: list[bytes], offset: int) -> _Pieces:
    """Return decimal numbers as pairs of offset and length; raises InvalidLayer where they are anything else."""
    if len(numbers) % 2 or not all(digits.isdigit() and len(digits) <= _MOST_DIGITS for digits in numbers):
        raise InvalidLayer("the map of a sparse file is broken", offset)
    values = iter(map(int, numbers))
    return list(zip(values, values, strict=True))


def _checked_map(pieces: _Pieces, size: int, stored: int, offset: int) -> SparseMap:
    """Return the map of a sparse file; raises InvalidLayer where its pieces are not in order inside the file."""
    reached = total = 0
    for start, length in pieces:
        if start < reached or length < 0:
            raise InvalidLayer("the map of a sparse file is broken", offset)
        reached = start + length
        total += length
    if reached > size or total > stored:
        raise InvalidLayer("the map of a sparse file is larger than the file", offset)
    return tuple(pieces)
