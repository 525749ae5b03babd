"""The maps of sparse files: the old GNU format and the three formats in PAX records.

https://www.gnu.org/software/tar/manual/html_section/Sparse-Formats.html
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct

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
from layerscope.sources.tar.names import Allowance
from layerscope.sources.tar.pax import SPARSE_MAJOR, SPARSE_MAP, SPARSE_REAL_SIZE, SPARSE_SIZE, Values, numeric

_PIECE = 24
"""Bytes of a piece in an old GNU map: its offset and its length."""

_EXTENSION_MAP = slice(0, 504)
_EXTENSION_CONTINUES = 504
_EXTENSION_PIECES = 21
_EXTENSIONS_READ = 128
"""Extension blocks of one read."""

_LONGEST_MAP = 4 * 1024 * 1024
_MOST_DIGITS = 19
"""Digits of 2^63 - 1, the largest offset in a file."""

_PIECE_MEMORY = 130
"""Bytes that a piece takes in the columns."""

_Pieces = Iterable[tuple[int, int]]


class TarContent(Struct, frozen=True):
    """The size of a regular file, the offset of its stored bytes, and its map, which is None for an ordinary file."""

    size: int
    data_offset: int
    sparse: SparseMap | None


class SparseFiles:
    """The sparse files of one tar."""

    def __init__(self, blocks: TarBlocks, allowance: Allowance) -> None:
        self._blocks = blocks
        self._allowance = allowance

    def content(self, header: bytes, values: Values, stored: int, offset: int) -> TarContent:
        """Return the content of the file whose ``stored`` bytes start at ``offset``, its map included.

        Raises InvalidLayer where its map is broken.
        """
        if header[TYPE_FLAG] == OLD_GNU_SPARSE:
            return self._old_gnu(header, stored, offset)
        if values.get(SPARSE_MAJOR) == b"1":
            size = numeric(values, SPARSE_REAL_SIZE, b"", offset)
            pieces, data = self._leading_map(stored, offset)
        elif SPARSE_MAP in values or SPARSE_SIZE in values:
            size, data = numeric(values, SPARSE_SIZE, b"", offset), offset
            pieces = self._record_map(values.get(SPARSE_MAP), offset)
        else:
            return TarContent(stored, offset, None)
        return self._checked(pieces, size, stored - (data - offset), data)

    def _old_gnu(self, header: bytes, stored: int, offset: int) -> TarContent:
        """Return the content of an old GNU entry, whose map starts in its header and goes on in blocks behind it."""
        try:
            pieces = _old_gnu_pieces(header[GNU_SPARSE_MAP])
            size = number(header[GNU_SPARSE_REAL_SIZE])
            continues = bool(header[GNU_SPARSE_CONTINUES])
            while continues:
                # many blocks of one read, because each read of a stream copies what it returns
                blocks = self._blocks.read(offset, BLOCK * _EXTENSIONS_READ)
                more, used, continues = _extensions(blocks, offset)
                self._allowance.use_records(used // BLOCK * _EXTENSION_PIECES)
                pieces += more
                offset += used
                if len(pieces) > _LONGEST_MAP // _PIECE:
                    raise InvalidLayer("the map of a sparse file is too long", offset)
        except ValueError as error:
            raise InvalidLayer("the map of a sparse file is broken", offset) from error
        return self._checked(pieces, size, stored, offset)

    def _record_map(self, value: bytes | None, offset: int) -> _Pieces:
        """Return the pieces of a version 0.0 or 0.1 map, which is a record."""
        if value is None:
            return ()
        self._allowance.use_records(value.count(b",") // 2)
        return _pairs(value.split(b","), offset)

    def _leading_map(self, stored: int, offset: int) -> tuple[_Pieces, int]:
        """Return the pieces of a version 1.0 map, which is stored in front of the data, and the data's offset."""
        window = min(stored, _LONGEST_MAP)
        text = self._blocks.read(offset, min(window, BLOCK))
        count = text.partition(b"\n")[0]
        if not _is_number(count) or int(count) > _LONGEST_MAP // 4:
            raise InvalidLayer("the map of a sparse file is broken", offset)
        self._allowance.use_records(int(count))
        lines = 1 + 2 * int(count)
        need = BLOCK
        while text.count(b"\n") < lines and need < window:
            need = min(window, need * 4)
            text = self._blocks.read(offset, need)
        numbers = text.split(b"\n", lines)
        if len(numbers) <= lines:
            raise InvalidLayer("the map of a sparse file is cut off", offset)
        used = sum(map(len, numbers[:lines])) + lines
        return _pairs(numbers[1:lines], offset), offset + padded(used)

    def _checked(self, pieces: _Pieces, size: int, stored: int, offset: int) -> TarContent:
        """Return the content of a sparse file whose stored bytes start at ``offset``.

        Pieces without bytes are dropped: they say nothing but where the file ends, and hostile maps have millions.
        Raises InvalidLayer where the pieces are not in order inside the file.
        """
        size = checked_size(size, offset)
        kept = []
        reached = total = 0
        for start, length in pieces:
            if start < reached or length < 0:
                raise InvalidLayer("the map of a sparse file is broken", offset)
            if length:
                kept.append((start, length))
            reached = start + length
            total += length
        if reached > size or total > stored:
            raise InvalidLayer("the map of a sparse file is larger than the file", offset)
        self._allowance.add_memory(len(kept) * _PIECE_MEMORY)
        return TarContent(size, offset, tuple(kept))


def _extensions(blocks: bytes, offset: int) -> tuple[list[tuple[int, int]], int, bool]:
    """Return the pieces in the extension blocks of an old GNU map, the bytes used, and whether more blocks follow."""
    pieces: list[tuple[int, int]] = []
    for start in range(0, len(blocks), BLOCK):
        block = blocks[start : start + BLOCK]
        if len(block) < BLOCK:
            break
        pieces += _old_gnu_pieces(block[_EXTENSION_MAP])
        if not block[_EXTENSION_CONTINUES]:
            return pieces, start + BLOCK, False
    used = len(blocks) // BLOCK * BLOCK
    if not used:
        raise InvalidLayer("the map of a sparse file is cut off", offset)
    return pieces, used, True


def _old_gnu_pieces(field: bytes) -> list[tuple[int, int]]:
    pieces = []
    for start in range(0, len(field), _PIECE):
        if field[start] == 0:
            break
        middle, end = start + _PIECE // 2, start + _PIECE
        pieces.append((number(field[start:middle]), number(field[middle:end])))
    return pieces


def _pairs(numbers: list[bytes], offset: int) -> Iterator[tuple[int, int]]:
    """Yield decimal numbers as pairs of offset and length; raises InvalidLayer where they are anything else."""
    if len(numbers) % 2 or not all(map(_is_number, numbers)):
        raise InvalidLayer("the map of a sparse file is broken", offset)
    values = map(int, numbers)
    return zip(values, values, strict=True)


def _is_number(digits: bytes) -> bool:
    """Return whether these are digits, and not so many that Python refuses to convert them."""
    return digits.isdigit() and len(digits) <= _MOST_DIGITS
