"""The characters of a line that changed."""

import re
from difflib import SequenceMatcher

Spans = tuple[tuple[int, int], ...]
"""Start and end of each run of characters."""

_LONGEST_LINE = 500
"""The longest line that is compared word by word; of a longer one, only equal text at both ends is recognised."""

_MOST_PAIRS = 40_000
"""The largest product of the words of both lines that is compared word by word: some milliseconds at worst."""

_LEAST_ALIKE = 0.4
"""The smallest share of common text; in lines with less in common, nothing is marked."""

_WORDS = re.compile(r"\w+|\s+|.", re.DOTALL)


def changed_spans(old: str, new: str) -> tuple[Spans, Spans]:
    """Return the characters that changed, word by word; none if the lines have too little in common."""
    if old == new:
        return (), ()
    if max(len(old), len(new)) > _LONGEST_LINE:
        return _middle(old, new)
    old_words, new_words = _WORDS.findall(old), _WORDS.findall(new)
    if len(old_words) * len(new_words) > _MOST_PAIRS:
        return _middle(old, new)
    matcher = SequenceMatcher(None, old_words, new_words, autojunk=False)
    equal = sum(sum(map(len, old_words[block.a : block.a + block.size])) for block in matcher.get_matching_blocks())
    if 2 * equal < _LEAST_ALIKE * (len(old) + len(new)):
        return (), ()
    old_starts, new_starts = _starts(old_words), _starts(new_words)
    old_spans, new_spans = list[tuple[int, int]](), list[tuple[int, int]]()
    for tag, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if tag != "equal":
            _add(old_spans, old_starts[old_start], old_starts[old_end])
            _add(new_spans, new_starts[new_start], new_starts[new_end])
    return tuple(old_spans), tuple(new_spans)


def _starts(words: list[str]) -> list[int]:
    starts = [0]
    for word in words:
        starts.append(starts[-1] + len(word))
    return starts


def _add(spans: list[tuple[int, int]], start: int, end: int) -> None:
    if start < end:
        spans.append((start, end))


def _middle(old: str, new: str) -> tuple[Spans, Spans]:
    """Return the text between the equal start and the equal end of two long lines."""
    shorter = min(len(old), len(new))
    first = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    rest = shorter - first
    last = next((back for back in range(rest) if old[-1 - back] != new[-1 - back]), rest)
    if 2 * (first + last) < _LEAST_ALIKE * (len(old) + len(new)):
        return (), ()
    return _span(first, len(old) - last), _span(first, len(new) - last)


def _span(start: int, end: int) -> Spans:
    return ((start, end),) if start < end else ()
