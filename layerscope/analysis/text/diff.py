"""What differs between two texts: rows side by side, and the same rows as hunks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from layerscope.analysis.text.line_matching import match_lines
from layerscope.analysis.text.line_spans import Spans, changed_spans
from layerscope.analysis.text.lines import TextLine

_CONTEXT = 3


@dataclass(frozen=True, slots=True)
class DiffRow:
    """One row: lines by their places, from 0, on the left, the right, or both."""

    old: int | None
    new: int | None
    changed: bool


@dataclass(frozen=True, slots=True)
class Hunk:
    """Rows that changed, with some around them; lines by their places, from 0."""

    old_start: int
    old_count: int
    new_start: int
    new_count: int
    rows: tuple[DiffRow, ...]

    @property
    def header(self) -> str:
        """The line that a unified diff starts a hunk with."""
        return f"@@ -{_range(self.old_start, self.old_count)} +{_range(self.new_start, self.new_count)} @@"


def _range(start: int, count: int) -> str:
    # where there is no line, the one before is named
    first = start + 1 if count else start
    return str(first) if count == 1 else f"{first},{count}"


@dataclass(frozen=True, slots=True)
class TextDiff:
    """Two texts and their differences; ``rough`` tells that more lines may be equal than are shown so."""

    old: Sequence[TextLine]
    new: Sequence[TextLine]
    rows: tuple[DiffRow, ...]
    rough: bool = False

    @property
    def is_equal(self) -> bool:
        """Whether no line differs, not even in its end."""
        return not any(row.changed for row in self.rows)

    @property
    def counts(self) -> tuple[int, int]:
        """How many lines were removed and added; a changed one counts as both."""
        changed = [row for row in self.rows if row.changed]
        return sum(row.old is not None for row in changed), sum(row.new is not None for row in changed)

    def spans(self, row: DiffRow) -> tuple[Spans, Spans]:
        """Return the characters that changed in the lines of a row, left and right; computed for who shows the row."""
        if row.old is None or row.new is None or not row.changed:
            return (), ()
        return changed_spans(self.old[row.old].text, self.new[row.new].text)

    def hunks(self, context: int = _CONTEXT) -> Iterator[Hunk]:
        """Yield the changed rows with so many equal ones around them; hunks that meet are one."""
        first = last = -1
        for place, row in enumerate(self.rows):
            if not row.changed:
                continue
            if first >= 0 and place - last > 2 * context + 1:
                yield self._hunk(max(0, first - context), last + 1 + context)
                first = -1
            first, last = (place if first < 0 else first), place
        if first >= 0:
            yield self._hunk(max(0, first - context), last + 1 + context)

    def _hunk(self, start: int, end: int) -> Hunk:
        rows = self.rows[start:end]
        old = [row.old for row in rows if row.old is not None]
        new = [row.new for row in rows if row.new is not None]
        old_start = old[0] if old else sum(row.old is not None for row in self.rows[:start])
        new_start = new[0] if new else sum(row.new is not None for row in self.rows[:start])
        return Hunk(old_start, len(old), new_start, len(new), rows)


def unified(rows: Sequence[DiffRow]) -> Iterator[tuple[str, DiffRow]]:
    """Yield rows for one column, each with its mark: of a changed block the removed lines come first."""
    waiting: list[DiffRow] = []
    for row in [*rows, None]:
        if row is not None and row.changed:
            waiting.append(row)
            continue
        yield from (("-", each) for each in waiting if each.old is not None)
        yield from (("+", each) for each in waiting if each.new is not None)
        waiting.clear()
        if row is not None:
            yield " ", row


def diff_texts(old: Sequence[TextLine], new: Sequence[TextLine]) -> TextDiff:
    """Compare two texts line by line, the ends of lines included."""
    match = match_lines(old, new)
    rows: list[DiffRow] = []
    at = other_at = 0
    for one, other in [*match.pairs, (len(old), len(new))]:
        rows += _replaced(range(at, one), range(other_at, other))
        if one < len(old):
            rows.append(DiffRow(one, other, changed=False))
        at, other_at = one + 1, other + 1
    return TextDiff(old, new, tuple(rows), match.rough)


def _replaced(one: range, other: range) -> Iterator[DiffRow]:
    """Yield the rows of a block: its lines beside each other, as far as both sides have some."""
    for place, other_place in zip_longest(one, other):
        yield DiffRow(place, other_place, changed=True)
