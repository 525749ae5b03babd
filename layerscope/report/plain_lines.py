"""Many lines of plain text on a screen: Rich takes a tenth of a millisecond to wrap each, and there may be 100,000."""

from collections.abc import Sequence

from rich.cells import cell_len, chop_cells
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.segment import Segment


class PlainLines:
    """Lines that are folded where the screen ends, and indented alike."""

    def __init__(self, lines: Sequence[str], indent: int = 0) -> None:
        self._lines = lines
        self._margin = " " * indent

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = max(1, options.max_width - len(self._margin))
        folded = (part for line in self._lines for part in _folded(line, width))
        yield Segment("".join(f"{self._margin}{part}\n" for part in folded))

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        widest = len(self._margin) + max(map(cell_len, self._lines), default=0)
        return Measurement(min(widest, options.max_width), min(widest, options.max_width))


def _folded(line: str, width: int) -> Sequence[str]:
    """Return the line in pieces of that many cells at most."""
    if len(line) <= width and line.isascii():
        return (line,)
    return chop_cells(line, width) or (line,)
