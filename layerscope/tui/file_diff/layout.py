"""The rows of a text comparison: side by side or in one column, with unchanged stretches folded."""

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from layerscope.analysis.text.diff import DiffRow, TextDiff, unified
from layerscope.analysis.text.lines import LineEnd

CONTEXT = 3
"""Unchanged rows around a change that are never folded."""

_LEAST_FOLD = 3


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
    """The line ends of both versions, which differ in nothing else."""

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
