"""Which lines of two texts belong together, in time that grows with the texts and not with their product.

Lines that occur once on either side hold the texts together (Bram Cohen's patience diff); between them the same is
looked for again, and what is left in small pieces is for difflib.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

_MOST_CELLS = 40_000
"""A piece without a line that occurs once is compared line against line up to this size."""

_WORK_A_LINE = 60
"""How often a line may be looked at, on average."""

_Pair = tuple[int, int]


class LineMatch(NamedTuple):
    """Places of equal lines, left and right, ascending; ``rough`` tells that some may not have been found."""

    pairs: tuple[_Pair, ...]
    rough: bool


class _Piece(NamedTuple):
    """A part of both texts."""

    start: int
    end: int
    other_start: int
    other_end: int

    @property
    def lines(self) -> int:
        return self.end - self.start + self.other_end - self.other_start


def match_lines(old: Sequence[Hashable], new: Sequence[Hashable]) -> LineMatch:
    """Return which lines belong together."""
    numbers: dict[Hashable, int] = {}
    one = [numbers.setdefault(line, len(numbers)) for line in old]
    other = [numbers.setdefault(line, len(numbers)) for line in new]
    pairs: list[_Pair] = []
    rough, work = False, _WORK_A_LINE * (len(old) + len(new)) + _MOST_CELLS
    waiting = [_Piece(0, len(old), 0, len(new))]
    while waiting:
        piece = _trimmed(one, other, waiting.pop(), pairs)
        if piece.start == piece.end or piece.other_start == piece.other_end:
            continue
        work -= piece.lines
        anchors = list(_anchors(one, other, piece)) if work > 0 else []
        if anchors:
            pairs += anchors
            waiting += _between(piece, anchors)
        elif not set(one[piece.start : piece.end]).isdisjoint(other[piece.other_start : piece.other_end]):
            is_small = (piece.end - piece.start) * (piece.other_end - piece.other_start) <= _MOST_CELLS
            if is_small and work > 0:
                pairs += _compared(one, other, piece)
            rough = rough or not is_small or work <= 0
    return LineMatch(tuple(sorted(pairs)), rough)


def _trimmed(one: Sequence[int], other: Sequence[int], piece: _Piece, pairs: list[_Pair]) -> _Piece:
    """Pair what is equal at the start and at the end of a piece, and return what is between."""
    start, end, other_start, other_end = piece
    while start < end and other_start < other_end and one[start] == other[other_start]:
        pairs.append((start, other_start))
        start, other_start = start + 1, other_start + 1
    while start < end and other_start < other_end and one[end - 1] == other[other_end - 1]:
        end, other_end = end - 1, other_end - 1
        pairs.append((end, other_end))
    return _Piece(start, end, other_start, other_end)


def _anchors(one: Sequence[int], other: Sequence[int], piece: _Piece) -> Iterator[_Pair]:
    """Yield lines that occur once on each side of the piece: a longest run of them that ascends on both."""
    lines, others = one[piece.start : piece.end], other[piece.other_start : piece.other_end]
    once = {line for line, count in Counter(others).items() if count == 1}
    places = {line: place for place, line in enumerate(others, piece.other_start) if line in once}
    counts = Counter(lines)
    found = [(at, places[line]) for at, line in enumerate(lines, piece.start) if counts[line] == 1 and line in places]
    # patience sorting: the best pair to end a run of each length with
    tops: list[int] = []
    top_pairs: list[int] = []
    before: list[int] = []
    for number, (_, place) in enumerate(found):
        pile = bisect_left(tops, place)
        before.append(top_pairs[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [place]
        top_pairs[pile : pile + 1] = [number]
    run = []
    number = top_pairs[-1] if top_pairs else -1
    while number >= 0:
        run.append(found[number])
        number = before[number]
    return reversed(run)


def _between(piece: _Piece, anchors: Sequence[_Pair]) -> Iterator[_Piece]:
    """Yield what lies between the anchors of a piece."""
    start, other_start = piece.start, piece.other_start
    for at, other_at in [*anchors, (piece.end, piece.other_end)]:
        yield _Piece(start, at, other_start, other_at)
        start, other_start = at + 1, other_at + 1


def _compared(one: Sequence[int], other: Sequence[int], piece: _Piece) -> Iterator[_Pair]:
    lines, others = one[piece.start : piece.end], other[piece.other_start : piece.other_end]
    for block in SequenceMatcher(None, lines, others, autojunk=False).get_matching_blocks():
        for place in range(block.size):
            yield piece.start + block.a + place, piece.other_start + block.b + place
