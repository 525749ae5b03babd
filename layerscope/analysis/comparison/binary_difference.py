"""The first difference between two files that are not text."""

from collections.abc import Iterable, Iterator


def first_difference(old: Iterable[bytes], new: Iterable[bytes]) -> int | None:
    """Return the offset of the first byte that differs, or the end of the shorter file; None if both are equal.

    Both come in pieces of any size; nothing behind the difference is read.
    """
    old_pieces, new_pieces = _Pieces(old), _Pieces(new)
    offset = 0
    while True:
        old_piece, new_piece = old_pieces.rest(), new_pieces.rest()
        size = min(len(old_piece), len(new_piece))
        if not size:
            return offset if old_piece or new_piece else None
        if old_piece[:size] != new_piece[:size]:
            return offset + _first_difference(old_piece, new_piece)
        old_pieces.skip(size)
        new_pieces.skip(size)
        offset += size


class _Pieces:
    """Bytes that come in pieces, and are taken in pieces of other sizes."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces: Iterator[bytes] = iter(pieces)
        self._rest = b""

    def rest(self) -> bytes:
        """Return the rest of the current piece, or the next one; it is empty only at the end."""
        while not self._rest:
            following = next(self._pieces, None)
            if following is None:
                return b""
            self._rest = following
        return self._rest

    def skip(self, size: int) -> None:
        self._rest = self._rest[size:]


def _first_difference(old: bytes, new: bytes) -> int:
    """Return the first position at which two pieces differ, by bisection: comparing slices is faster than a loop."""
    low, high = 0, min(len(old), len(new))
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if old[low:middle] != new[low:middle] else (middle, high)
    return low
