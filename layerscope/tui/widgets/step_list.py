"""A list of steps: a layer takes two lines where one is too narrow for its figures and its instruction."""

from itertools import accumulate

from layerscope.tui.widgets.line_list import LineList

_TWO_LINES_BELOW = 76
"""Narrower than this, a layer takes two lines: figures, then its instruction."""


class StepList(LineList):
    """A subclass gives `item_count`, `draw`, and which of its items are layers."""

    DEFAULT_CSS = """
    StepList { height: 1fr; }
    """

    def is_layer(self, item: int) -> bool:
        """Tell whether the step made a layer."""
        raise NotImplementedError

    @property
    def two_lines(self) -> bool:
        """Whether a layer takes two lines."""
        return self.line_width < _TWO_LINES_BELOW

    def _heights(self) -> list[int]:
        if not self.two_lines:
            return [1] * self.item_count()
        return [2 if self.is_layer(item) else 1 for item in range(self.item_count())]

    def line_count(self) -> int:
        """Return how many lines the steps take."""
        return sum(self._heights())

    def item_at(self, line: int) -> int:
        """Return the step that the line belongs to."""
        for item, end in enumerate(accumulate(self._heights())):
            if line < end:
                return item
        return max(0, self.item_count() - 1)

    def lines_of(self, item: int) -> range:
        """Return the lines of a step."""
        heights = self._heights()
        start = sum(heights[:item])
        return range(start, start + (heights[item] if heights else 1))
