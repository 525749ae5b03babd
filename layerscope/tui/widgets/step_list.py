"""A list of steps. A layer takes two lines if one is too narrow for its figures and its instruction."""

from abc import abstractmethod
from itertools import accumulate

from layerscope.tui.widgets.line_list import LineList

_TWO_LINES_BELOW = 76
"""Width below which a layer takes two lines: its figures, then its instruction."""


class StepList(LineList):
    """The base of the lists of steps. A subclass has `item_count`, `draw` and `is_layer`."""

    DEFAULT_CSS = """
    StepList { height: 1fr; }
    """

    @abstractmethod
    def is_layer(self, item: int) -> bool:
        """Return whether the step made a layer."""

    @property
    def two_lines(self) -> bool:
        """True if a layer takes two lines."""
        return self.line_width < _TWO_LINES_BELOW

    def _heights(self) -> list[int]:
        if not self.two_lines:
            return [1] * self.item_count()
        return [2 if self.is_layer(item) else 1 for item in range(self.item_count())]

    def line_count(self) -> int:
        """Return the number of lines of all steps."""
        return sum(self._heights())

    def item_at(self, line: int) -> int:
        """Return the step of a line."""
        for item, end in enumerate(accumulate(self._heights())):
            if line < end:
                return item
        return max(0, self.item_count() - 1)

    def lines_of(self, item: int) -> range:
        """Return the lines of a step."""
        heights = self._heights()
        start = sum(heights[:item])
        return range(start, start + (heights[item] if heights else 1))
