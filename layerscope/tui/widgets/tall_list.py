"""A list whose items take one or more lines each."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

from layerscope.tui.widgets.line_list import LineList


class TallList(LineList):
    """The base of such lists. A subclass sets the heights before it refills the list, and when the size changes."""

    def __init__(self) -> None:
        super().__init__()
        self._starts: Sequence[int] = (0,)

    def set_heights(self, heights: Iterable[int]) -> None:
        """Set the number of lines of each item."""
        self._starts = list(accumulate(heights, initial=0))

    def line_count(self) -> int:
        """Return the number of lines of all items."""
        return self._starts[-1]

    def item_at(self, line: int) -> int:
        """Return the item of a line."""
        return max(0, min(bisect_right(self._starts, line), self.item_count()) - 1)

    def lines_of(self, item: int) -> range:
        """Return the lines of an item."""
        return range(self._starts[item], self._starts[item + 1]) if item + 1 < len(self._starts) else range(1)
