"""The differences between two texts, as rows side by side and as hunks, with the characters that changed."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import accumulate, zip_longest

from layerscope.analysis.text.encoding import TextLine
from layerscope.analysis.text.line_matching import match_lines

Spans = tuple[tuple[int, int], ...]
"""Start and end of each run of characters."""

_CONTEXT = 3

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
    return list(accumulate(map(len, words), initial=0))


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


@dataclass(frozen=True, slots=True)
class DiffRow:
    """One row: line numbers from 0 in the old text, in the new one, or in both."""

    old: int | None
    new: int | None
    changed: bool


@dataclass(frozen=True, slots=True)
class Hunk:
    """Rows that changed, with their context; line numbers start at 0."""

    old_start: int
    old_count: int
    new_start: int
    new_count: int
    rows: tuple[DiffRow, ...]

    @property
    def header(self) -> str:
        """The first line of the hunk in a unified diff."""
        return f"@@ -{_range(self.old_start, self.old_count)} +{_range(self.new_start, self.new_count)} @@"


def _range(start: int, count: int) -> str:
    # A unified diff names the line before an empty range.
    first = start + 1 if count else start
    return str(first) if count == 1 else f"{first},{count}"


@dataclass(frozen=True, slots=True)
class TextDiff:
    """Two texts and their differences; if ``rough``, more lines may be equal than the rows show."""

    old: Sequence[TextLine]
    new: Sequence[TextLine]
    rows: tuple[DiffRow, ...]
    rough: bool = False

    @property
    def is_equal(self) -> bool:
        """True if no line differs, not even in its ending."""
        return not any(row.changed for row in self.rows)

    @property
    def counts(self) -> tuple[int, int]:
        """The numbers of lines removed and added; a changed line counts as both."""
        changed = [row for row in self.rows if row.changed]
        return sum(row.old is not None for row in changed), sum(row.new is not None for row in changed)

    def spans(self, row: DiffRow) -> tuple[Spans, Spans]:
        """Return the characters that changed in the two lines of a row; computed only for rows that are shown."""
        if row.old is None or row.new is None or not row.changed:
            return (), ()
        return changed_spans(self.old[row.old].text, self.new[row.new].text)

    def hunks(self) -> Iterator[Hunk]:
        """Yield the changed rows with some equal ones around them; hunks that touch become one."""
        first = last = -1
        for number, row in enumerate(self.rows):
            if not row.changed:
                continue
            if first >= 0 and number - last > 2 * _CONTEXT + 1:
                yield self._hunk(max(0, first - _CONTEXT), last + 1 + _CONTEXT)
                first = -1
            first, last = (number if first < 0 else first), number
        if first >= 0:
            yield self._hunk(max(0, first - _CONTEXT), last + 1 + _CONTEXT)

    def _hunk(self, start: int, end: int) -> Hunk:
        rows = self.rows[start:end]
        old = [row.old for row in rows if row.old is not None]
        new = [row.new for row in rows if row.new is not None]
        old_start = old[0] if old else sum(row.old is not None for row in self.rows[:start])
        new_start = new[0] if new else sum(row.new is not None for row in self.rows[:start])
        return Hunk(old_start, len(old), new_start, len(new), rows)


def unified(rows: Sequence[DiffRow]) -> Iterator[tuple[str, DiffRow]]:
    """Yield rows for one column, each with its mark; in a changed block the removed lines come first."""
    waiting: list[DiffRow] = []
    for row in [*rows, None]:
        if row is not None and row.changed:
            waiting.append(row)
            continue
        yield from (("-", changed) for changed in waiting if changed.old is not None)
        yield from (("+", changed) for changed in waiting if changed.new is not None)
        waiting.clear()
        if row is not None:
            yield " ", row


def diff_texts(old: Sequence[TextLine], new: Sequence[TextLine]) -> TextDiff:
    """Compare two texts line by line, including line endings."""
    match = match_lines(old, new)
    rows: list[DiffRow] = []
    old_start = new_start = 0
    for old_line, new_line in [*match.pairs, (len(old), len(new))]:
        # the lines of a changed block side by side, as far as both sides have lines
        block = zip_longest(range(old_start, old_line), range(new_start, new_line))
        rows += [DiffRow(old_row, new_row, changed=True) for old_row, new_row in block]
        if old_line < len(old):
            rows.append(DiffRow(old_line, new_line, changed=False))
        old_start, new_start = old_line + 1, new_line + 1
    return TextDiff(old, new, tuple(rows), match.rough)
