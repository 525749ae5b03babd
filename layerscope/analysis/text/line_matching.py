"""Matching lines of two texts, in time that grows with the texts and not with their product.

Lines that occur once on either side are the anchors (Bram Cohen's patience diff). The texts between two anchors are
matched in the same way, and small pieces without any anchor by difflib.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

_MOST_CELLS = 40_000
"""The largest piece without anchors that is compared line against line: lines of one side times those of the other."""

_WORK_A_LINE = 60
"""The average number of times that a line may be looked at."""

_Pair = tuple[int, int]


class LineMatch(NamedTuple):
    """The numbers of equal lines, old and new, ascending; if ``rough``, some may have been missed."""

    pairs: tuple[_Pair, ...]
    rough: bool


class _Piece(NamedTuple):
    """A range of lines of both texts."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int

    @property
    def lines(self) -> int:
        return self.old_end - self.old_start + self.new_end - self.new_start


def match_lines(old: Sequence[Hashable], new: Sequence[Hashable]) -> LineMatch:
    """Return the lines that belong together."""
    numbers: dict[Hashable, int] = {}
    old_lines = [numbers.setdefault(line, len(numbers)) for line in old]
    new_lines = [numbers.setdefault(line, len(numbers)) for line in new]
    pairs: list[_Pair] = []
    rough, work = False, _WORK_A_LINE * (len(old) + len(new)) + _MOST_CELLS
    waiting = [_Piece(0, len(old), 0, len(new))]
    while waiting:
        piece = _trimmed(old_lines, new_lines, waiting.pop(), pairs)
        if piece.old_start == piece.old_end or piece.new_start == piece.new_end:
            continue
        work -= piece.lines
        anchors = list(_anchors(old_lines, new_lines, piece)) if work > 0 else []
        if anchors:
            pairs += anchors
            waiting += _between(piece, anchors)
        elif not set(_old(old_lines, piece)).isdisjoint(_new(new_lines, piece)):
            is_small = (piece.old_end - piece.old_start) * (piece.new_end - piece.new_start) <= _MOST_CELLS
            if is_small and work > 0:
                pairs += _compared(old_lines, new_lines, piece)
            rough = rough or not is_small or work <= 0
    return LineMatch(tuple(sorted(pairs)), rough)


def _old(old: Sequence[int], piece: _Piece) -> Sequence[int]:
    return old[piece.old_start : piece.old_end]


def _new(new: Sequence[int], piece: _Piece) -> Sequence[int]:
    return new[piece.new_start : piece.new_end]


def _trimmed(old: Sequence[int], new: Sequence[int], piece: _Piece, pairs: list[_Pair]) -> _Piece:
    """Pair the equal lines at the start and at the end of a piece, and return the rest."""
    old_start, old_end, new_start, new_end = piece
    while old_start < old_end and new_start < new_end and old[old_start] == new[new_start]:
        pairs.append((old_start, new_start))
        old_start, new_start = old_start + 1, new_start + 1
    while old_start < old_end and new_start < new_end and old[old_end - 1] == new[new_end - 1]:
        old_end, new_end = old_end - 1, new_end - 1
        pairs.append((old_end, new_end))
    return _Piece(old_start, old_end, new_start, new_end)


def _anchors(old: Sequence[int], new: Sequence[int], piece: _Piece) -> Iterator[_Pair]:
    """Yield lines that occur once on each side of the piece: a longest run of them that ascends on both."""
    old_lines, new_lines = _old(old, piece), _new(new, piece)
    once = {line for line, count in Counter(new_lines).items() if count == 1}
    numbers = {line: number for number, line in enumerate(new_lines, piece.new_start) if line in once}
    counts = Counter(old_lines)
    candidates = [
        (number, numbers[line])
        for number, line in enumerate(old_lines, piece.old_start)
        if counts[line] == 1 and line in numbers
    ]
    # Patience sorting: keep the best pair to end a run of each length with.
    tops: list[int] = []
    top_pairs: list[int] = []
    before: list[int] = []
    for at, (_, new_line) in enumerate(candidates):
        pile = bisect_left(tops, new_line)
        before.append(top_pairs[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [new_line]
        top_pairs[pile : pile + 1] = [at]
    run = []
    at = top_pairs[-1] if top_pairs else -1
    while at >= 0:
        run.append(candidates[at])
        at = before[at]
    return reversed(run)


def _between(piece: _Piece, anchors: Sequence[_Pair]) -> Iterator[_Piece]:
    old_start, new_start = piece.old_start, piece.new_start
    for old_line, new_line in [*anchors, (piece.old_end, piece.new_end)]:
        yield _Piece(old_start, old_line, new_start, new_line)
        old_start, new_start = old_line + 1, new_line + 1


def _compared(old: Sequence[int], new: Sequence[int], piece: _Piece) -> Iterator[_Pair]:
    matcher = SequenceMatcher(None, _old(old, piece), _new(new, piece), autojunk=False)
    for block in matcher.get_matching_blocks():
        for line in range(block.size):
            yield piece.old_start + block.a + line, piece.new_start + block.b + line
