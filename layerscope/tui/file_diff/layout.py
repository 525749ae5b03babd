"""The rows of a text diff as a screen shows them: side by side or in one column, unchanged stretches folded."""

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from layerscope.analysis.text.diff import DiffRow, TextDiff, unified
from layerscope.analysis.text.lines import LineEnd

CONTEXT = 3
"""Unchanged rows around a change that are never folded."""

_LEAST_FOLD = 3


class DiffLine(NamedTuple):
    """A row of the diff; in one column, ``mark`` tells which side of it is shown: ``-``, ``+``, or both as one."""

    mark: str
    row: DiffRow


class Fold(NamedTuple):
    """Unchanged rows that are not shown, by the place of the first of them in the diff, and how many."""

    start: int
    rows: int

    @property
    def end(self) -> int:
        """One past the last of them."""
        return self.start + self.rows


DiffItem = DiffLine | Fold


def layout(diff: TextDiff, *, in_one_column: bool, folded: bool, opened: Collection[int] = ()) -> list[DiffItem]:
    """Return what is shown; ``opened`` are the starts of folds that are shown all the same."""
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
        # nothing is near a change at the very start and at the very end
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
    """Return the places where runs of changed rows start."""
    changed = [isinstance(item, DiffLine) and item.row.changed for item in items]
    return [place for place, is_changed in enumerate(changed) if is_changed and not (place and changed[place - 1])]


class EndsOnly(NamedTuple):
    """The ends of lines on both sides, of a diff in which nothing else differs."""

    before: frozenset[LineEnd]
    after: frozenset[LineEnd]


def ends_only(diff: TextDiff) -> EndsOnly | None:
    """Return the ends of the lines that differ, if that is all that does; None where there is more, or nothing."""
    pairs = [(row.old, row.new) for row in diff.rows if row.changed]
    before, after = set[LineEnd](), set[LineEnd]()
    for old, new in pairs:
        if old is None or new is None or diff.old[old].text != diff.new[new].text:
            return None
        before.add(diff.old[old].end)
        after.add(diff.new[new].end)
    return EndsOnly(frozenset(before), frozenset(after)) if pairs else None
