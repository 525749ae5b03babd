"""A list whose items take one or more lines each."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

from layerscope.tui.widgets.line_list import LineList


def fitting_heights(heights: Sequence[int], extra: Sequence[int], room: int) -> Sequence[int]:
    """Return the heights with extra lines where each may have some.

    All get the same number, the most that fits; of the lines that are left then, the first ones get one more.
    """
    for most in range(min(room, max(extra, default=0)), -1, -1):
        taller = [lines + min(more, most) for lines, more in zip(heights, extra, strict=True)]
        left = room - sum(taller)
        if left >= 0:
            longer = [item for item, more in enumerate(extra) if more > most]
            for item in longer[:left]:
                taller[item] += 1
            return taller
    return heights


class TallList(LineList):
    """The base of such lists. A subclass sets the heights in `choose_heights`, or before it refills the list."""

    def __init__(self) -> None:
        super().__init__()
        self._starts: Sequence[int] = (0,)

    def choose_heights(self) -> None:
        """Set heights that depend on the size of the list; called when the items or the size have changed."""

    def refill(self, cursor: int | None = None) -> None:
        """Redraw everything, because the items have changed."""
        self.choose_heights()
        super().refill(cursor)

    def on_resize(self) -> None:
        """Draw the lines for the new size."""
        self.choose_heights()
        super().on_resize()

    def set_heights(self, heights: Iterable[int]) -> None:
        """Set the number of lines of each item."""
        self._starts = list(accumulate(heights, initial=0))

    def fit_scrollbar(self) -> None:
        """Show a scrollbar only if it is needed: Textual decides on it before the lines are chosen, and may keep it."""
        if self.size.height:
            self.show_vertical_scrollbar = self.line_count() > self.size.height

    def line_count(self) -> int:
        """Return the number of lines of all items."""
        return self._starts[-1]

    def item_at(self, line: int) -> int:
        """Return the item of a line."""
        return max(0, min(bisect_right(self._starts, line), self.item_count()) - 1)

    def lines_of(self, item: int) -> range:
        """Return the lines of an item."""
        return range(self._starts[item], self._starts[item + 1]) if item + 1 < len(self._starts) else range(1)
