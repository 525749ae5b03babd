"""Where two files that are no text differ first."""

from collections.abc import Iterable, Iterator


def first_difference(old: Iterable[bytes], new: Iterable[bytes]) -> int | None:
    """Return the offset of the first byte that differs, or where the shorter one ends; None where both are equal.

    Both are read in pieces of any sizes, and no further than that.
    """
    one, other = _Pieces(old), _Pieces(new)
    offset = 0
    while True:
        piece, other_piece = one.rest(), other.rest()
        size = min(len(piece), len(other_piece))
        if not size:
            return offset if piece or other_piece else None
        if piece[:size] != other_piece[:size]:
            return offset + _place(piece, other_piece)
        one.skip(size)
        other.skip(size)
        offset += size


class _Pieces:
    """Bytes that come in pieces, taken in others."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces: Iterator[bytes] = iter(pieces)
        self._rest = b""

    def rest(self) -> bytes:
        """Return what comes next; nothing at the end only."""
        while not self._rest:
            following = next(self._pieces, None)
            if following is None:
                return b""
            self._rest = following
        return self._rest

    def skip(self, size: int) -> None:
        self._rest = self._rest[size:]


def _place(old: bytes, new: bytes) -> int:
    """Return where two pieces differ, halving what is left to look at."""
    low, high = 0, min(len(old), len(new))
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if old[low:middle] != new[low:middle] else (middle, high)
    return low
