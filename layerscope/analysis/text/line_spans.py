"""Which characters of a line changed."""

import re
from difflib import SequenceMatcher

Spans = tuple[tuple[int, int], ...]
"""Start and end of each run of characters."""

_LONGEST_LINE = 500
"""Of longer lines, no more is told than what is equal at both ends."""

_MOST_PAIRS = 40_000
"""Words of both lines, multiplied: beyond, no more is told either. So many take some milliseconds at worst."""

_LEAST_ALIKE = 0.4
"""Lines with less in common are two different lines: nothing in them is marked."""

_WORDS = re.compile(r"\w+|\s+|.", re.DOTALL)


def changed_spans(old: str, new: str) -> tuple[Spans, Spans]:
    """Return the characters that changed, word by word; none where the lines have too little in common."""
    if old == new:
        return (), ()
    if max(len(old), len(new)) > _LONGEST_LINE:
        return _middle(old, new)
    words, others = _WORDS.findall(old), _WORDS.findall(new)
    if len(words) * len(others) > _MOST_PAIRS:
        return _middle(old, new)
    matcher = SequenceMatcher(None, words, others, autojunk=False)
    equal = sum(sum(map(len, words[block.a : block.a + block.size])) for block in matcher.get_matching_blocks())
    if 2 * equal < _LEAST_ALIKE * (len(old) + len(new)):
        return (), ()
    starts, other_starts = _starts(words), _starts(others)
    spans, other_spans = list[tuple[int, int]](), list[tuple[int, int]]()
    for tag, start, end, other_start, other_end in matcher.get_opcodes():
        if tag != "equal":
            _add(spans, starts[start], starts[end])
            _add(other_spans, other_starts[other_start], other_starts[other_end])
    return tuple(spans), tuple(other_spans)


def _starts(words: list[str]) -> list[int]:
    starts = [0]
    for word in words:
        starts.append(starts[-1] + len(word))
    return starts


def _add(spans: list[tuple[int, int]], start: int, end: int) -> None:
    if start < end:
        spans.append((start, end))


def _middle(old: str, new: str) -> tuple[Spans, Spans]:
    """Return what lies between the equal start and the equal end of two long lines."""
    shorter = min(len(old), len(new))
    first = next((place for place in range(shorter) if old[place] != new[place]), shorter)
    rest = shorter - first
    last = next((back for back in range(rest) if old[-1 - back] != new[-1 - back]), rest)
    if 2 * (first + last) < _LEAST_ALIKE * (len(old) + len(new)):
        return (), ()
    sides = [(first, len(line) - last) for line in (old, new)]
    one, other = (((start, end),) if start < end else () for start, end in sides)
    return one, other
