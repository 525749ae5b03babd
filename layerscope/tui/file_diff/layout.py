"""The rows of a text comparison, in one column or two, with folds, and where a user is in them."""

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from itertools import accumulate, groupby
from typing import NamedTuple

from layerscope.analysis.text.diff import DiffRow, TextDiff, unified
from layerscope.analysis.text.encoding import LineEnd, TextLine
from layerscope.analysis.text.search import Search
from layerscope.tui.drawing.shown_line import Span

CONTEXT = 3
"""Unchanged rows around a change that are never folded."""

_LEAST_FOLD = 3
_SECONDS = 0.25
"""The longest time for an expression on one revision."""

OLD, NEW = 0, 1
"""The sides of a diff."""

MARKS = {OLD: "-", NEW: "+"}


class DiffLine(NamedTuple):
    """A row of the diff; in one column, ``mark`` is ``-`` for its old line, ``+`` for its new line, or a space."""

    mark: str
    row: DiffRow


class Fold(NamedTuple):
    """Unchanged rows that are not shown: the index of the first one in the diff, and their number."""

    start: int
    rows: int

    @property
    def end(self) -> int:
        """One past the last row."""
        return self.start + self.rows


DiffItem = DiffLine | Fold


def layout(diff: TextDiff, *, in_one_column: bool, folded: bool, opened: Collection[int] = ()) -> list[DiffItem]:
    """Return the rows and folds to show; the folds that start at ``opened`` are shown as rows."""
    items: list[DiffItem] = []
    for stretch in _stretches(diff.rows, folded=folded, opened=opened):
        if isinstance(stretch, Fold):
            items.append(stretch)
        elif in_one_column:
            items += (DiffLine(mark, row) for mark, row in unified(stretch))
        else:
            items += (DiffLine("~" if row.changed else " ", row) for row in stretch)
    return items


def _stretches(rows: Sequence[DiffRow], *, folded: bool, opened: Collection[int]) -> Iterator[Sequence[DiffRow] | Fold]:
    start = 0
    for changed, group in groupby(rows, key=lambda row: row.changed):
        end = start + sum(1 for _ in group)
        # The first and the last stretch border on only one change.
        first = start + (CONTEXT if start else 0)
        last = end - (CONTEXT if end < len(rows) else 0)
        if changed or not folded or last - first < _LEAST_FOLD or first in opened:
            yield rows[start:end]
        else:
            yield rows[start:first]
            yield Fold(first, last - first)
            yield rows[last:end]
        start = end


def change_starts(items: Sequence[DiffItem]) -> list[int]:
    """Return the indexes at which runs of changed rows start."""
    changed = [isinstance(item, DiffLine) and item.row.changed for item in items]
    return [index for index, is_changed in enumerate(changed) if is_changed and not (index and changed[index - 1])]


class EndsOnly(NamedTuple):
    """The line ends of both revisions, which differ in nothing else."""

    old: frozenset[LineEnd]
    new: frozenset[LineEnd]


def ends_only(diff: TextDiff) -> EndsOnly | None:
    """Return the line ends that differ, if nothing else does; None if anything else does, or nothing at all."""
    pairs = [(row.old, row.new) for row in diff.rows if row.changed]
    old_ends, new_ends = set[LineEnd](), set[LineEnd]()
    for old, new in pairs:
        if old is None or new is None or diff.old[old].text != diff.new[new].text:
            return None
        old_ends.add(diff.old[old].end)
        new_ends.add(diff.new[new].end)
    return EndsOnly(frozenset(old_ends), frozenset(new_ends)) if pairs else None


def matching_rows(diff: TextDiff, search: Search) -> list[int]:
    """Return the indexes of the rows with a match in either revision; raises UsageError if that takes too long."""
    old, new = _lines_with(diff.old, search), _lines_with(diff.new, search)
    return [index for index, row in enumerate(diff.rows) if row.old in old or row.new in new]


def _lines_with(lines: Sequence[TextLine], search: Search) -> set[int]:
    text = "\n".join(line.text for line in lines)
    if search.literal is not None and search.literal not in text.lower():
        return set()
    ends = list(accumulate(len(line.text) + 1 for line in lines))
    spans = (match.span() for match in search.text(text, _SECONDS))
    return {bisect_right(ends, start) for start, end in spans if start < end and "\n" not in text[start:end]}


def line_number(row: DiffRow, side: int) -> int | None:
    """Return the number of a row's line in one of the texts, from 0; None if it has none there."""
    return row.new if side else row.old


class FoundMatch(NamedTuple):
    """A match of a search: the item that shows it, the side, and the span in the line."""

    item: int
    side: int
    span: Span


class ShownDiff:
    """The rows of a diff with its unchanged stretches folded, except those that were opened."""

    def __init__(self, diff: TextDiff) -> None:
        self.diff = diff
        self.items: Sequence[DiffItem] = ()
        self.search: Search | None = None
        self._starts: Sequence[int] = ()
        """The index in the diff at which each item starts."""
        self._changes: Sequence[int] = ()
        self._change = 0
        self._opened: set[int] = set()
        self._hits: Sequence[int] = ()
        self._hit: int | None = None

    def lay_out(self, *, in_one_column: bool, folded: bool) -> None:
        """Choose the items to show."""
        self.items = layout(self.diff, in_one_column=in_one_column, folded=folded, opened=self._opened)
        self._changes = change_starts(self.items)
        indexes = {id(row): index for index, row in enumerate(self.diff.rows)}
        self._starts = [item.start if isinstance(item, Fold) else indexes[id(item.row)] for item in self.items]

    def index_of(self, item: int) -> int:
        """Return the index in the diff at which an item starts."""
        return self._starts[min(item, len(self._starts) - 1)] if self._starts else 0

    def item_from(self, index: int) -> int:
        """Return the first item that starts at an index of the diff or after it."""
        return next((item for item, start in enumerate(self._starts) if start >= index), 0)

    def line(self, side: int, number: int) -> TextLine:
        return (self.diff.new if side else self.diff.old)[number]

    @property
    def has_folds(self) -> bool:
        """True if any stretch is folded: a search or a click may have opened all."""
        return any(isinstance(item, Fold) for item in self.items)

    def open_fold(self, fold: Fold) -> None:
        """Let the next layout show the rows of a fold."""
        self._opened.add(fold.start)

    def close_folds(self) -> None:
        """Let the next layout fold what was opened."""
        self._opened.clear()

    def open_folds_with(self, hits: Collection[int]) -> bool:
        """Let the next layout show the folded ones of some rows; return False if none of them is folded."""
        folds = [item for item in self.items if isinstance(item, Fold)]
        hiding = {fold.start for fold in folds if any(fold.start <= hit < fold.end for hit in hits)}
        self._opened |= hiding
        return bool(hiding)

    @property
    def change(self) -> int | None:
        """The item at which the current change starts."""
        return self._changes[min(self._change, len(self._changes) - 1)] if self._changes else None

    @property
    def change_count(self) -> tuple[int, int]:
        """The number of the current change, from 1, and the number of changes."""
        return min(self._change + 1, len(self._changes)), len(self._changes)

    def to_change(self, step: int, at: int) -> int | None:
        """Go to the next change after an item, or to the previous one; return its item, or None if there is none."""
        numbers = range(len(self._changes)) if step > 0 else reversed(range(len(self._changes)))
        change = next((number for number in numbers if (self._changes[number] - at) * step > 0), None)
        if change is None:
            return None
        self._change = change
        return self._changes[change]

    def find(self, search: Search | None) -> Sequence[int]:
        """Return the rows with a match; None ends a search. Raises UsageError if the search takes too long."""
        self._hits = () if search is None else matching_rows(self.diff, search)
        self.search, self._hit = search, None
        return self._hits

    @property
    def hit_count(self) -> tuple[int, int]:
        """The number of the current row with a match, from 1 (0: none yet), and the number of such rows."""
        return (0 if self._hit is None else self._hit + 1), len(self._hits)

    def to_hit(self, step: int, near: int) -> int | None:
        """Go to the next row with a match, or to the previous one, and wrap around; return None if there is none.

        The first row to go to is the one ``near`` an index of the diff.
        """
        if not self._hits:
            return None
        if self._hit is None:
            following = next((number for number, hit in enumerate(self._hits) if hit >= near), 0)
            self._hit = following if step > 0 else (following - 1) % len(self._hits)
        else:
            self._hit = (self._hit + step) % len(self._hits)
        return self._hits[self._hit]

    def is_current_hit(self, row: DiffRow) -> bool:
        """Return whether a search has gone to a row."""
        return self._hit is not None and row is self.diff.rows[self._hits[self._hit]]

    def first_match(self, hit: int) -> FoundMatch | None:
        """Return the first match that is shown of a row of the diff; None if it is not found in time."""
        assert self.search is not None  # noqa: S101  # the row has a match
        row = self.diff.rows[hit]
        for number, item in enumerate(self.items):
            if isinstance(item, Fold) or item.row is not row:
                continue
            for side in (OLD, NEW):
                line = line_number(row, side)
                if line is None or item.mark == MARKS[1 - side]:
                    continue
                for span in self.search.spans(self.line(side, line).text):
                    return FoundMatch(number, side, span)
        return None
