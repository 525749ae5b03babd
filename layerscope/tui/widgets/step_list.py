"""A list of steps. A layer takes two lines if one is too narrow for its figures and its instruction."""

from abc import abstractmethod
from bisect import bisect_right
from itertools import accumulate, repeat

from layerscope.tui.widgets.line_list import LineList

_TWO_LINES_BELOW = 76
"""Width below which a layer takes two lines: its figures, then its instruction."""


class StepList(LineList):
    """The base of the lists of steps. A subclass has `item_count`, `draw` and `is_layer`."""

    DEFAULT_CSS = """
    StepList { height: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._starts: list[int] = []
        self._starts_for: tuple[int, bool] | None = None

    @abstractmethod
    def is_layer(self, item: int) -> bool:
        """Return whether the step made a layer."""

    @property
    def two_lines(self) -> bool:
        """True if a layer takes two lines."""
        return self.line_width < _TWO_LINES_BELOW

    def refill(self, cursor: int | None = None) -> None:
        """Redraw everything, because the steps have changed."""
        self._starts_for = None
        super().refill(cursor)

    def redraw(self) -> None:
        """Redraw the steps on the screen: what they show has changed, but not which they are."""
        self._strips.clear()
        self.refresh()

    def _line_starts(self) -> list[int]:
        """Return the first line of each step, and the number of lines; computed again when either may have changed."""
        count, two_lines = self.item_count(), self.two_lines
        if self._starts_for != (count, two_lines):
            heights = (1 + self.is_layer(item) for item in range(count)) if two_lines else repeat(1, count)
            self._starts, self._starts_for = list(accumulate(heights, initial=0)), (count, two_lines)
        return self._starts

    def line_count(self) -> int:
        """Return the number of lines of all steps."""
        return self._line_starts()[-1]

    def item_at(self, line: int) -> int:
        """Return the step of a line."""
        return max(0, min(bisect_right(self._line_starts(), line), self.item_count()) - 1)

    def lines_of(self, item: int) -> range:
        """Return the lines of a step."""
        starts = self._line_starts()
        return range(starts[item], starts[item + 1]) if item + 1 < len(starts) else range(1)
