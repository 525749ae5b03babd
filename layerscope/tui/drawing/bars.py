"""Bars whose length is proportional: in eighths of a cell, the live part first, then the dead part."""

from collections.abc import Iterator
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style

from layerscope.tui.drawing.glyphs import Glyphs

LEAST_SHARE = 0.001
"""The smallest share that a bar shows."""


class BarStyles(NamedTuple):
    """The styles of the two parts of a bar, and of cells that the dead part fills in part.

    A cell of the dead part is half filled, one at its edge is as solid as the live part: its colour is paler.
    """

    live: Style
    dead: Style
    dead_edge: Style


def bar_segments(live: float, dead: float, width: int, glyphs: Glyphs, styles: BarStyles) -> Iterator[Segment]:
    """Yield a bar, padded to its width; ``live`` and ``dead`` are shares of the width.

    A cell in which the live part ends and the dead part goes on has the colours of both.
    """
    steps = len(glyphs.eighths) - 1
    whole = _steps(live + dead, width * steps)
    dead_steps = min(_steps(dead, width * steps), whole - (1 if live > dead else 0))
    live_cells, live_rest = divmod(whole - dead_steps, steps)
    cells, rest = divmod(whole, steps)
    yield Segment(glyphs.eighths[-1] * live_cells, styles.live)
    if not dead_steps or live_cells == cells:
        # The last cell cannot show where the parts meet: it has the colour of the larger one.
        yield Segment(glyphs.eighths[rest] if rest else "", styles.live if 2 * live_rest >= rest else styles.dead)
    else:
        # A cell of ASCII is not filled from its left: the colour behind it would be that of a whole cell.
        both = Style(color=styles.live.color, bgcolor=styles.dead_edge.color)
        edge = both if glyphs.has_unicode else styles.live
        yield Segment(glyphs.eighths[live_rest] if live_rest else "", edge)
        yield Segment(glyphs.dead * (cells - live_cells - bool(live_rest)), styles.dead)
        yield Segment(glyphs.eighths[rest] if rest else "", styles.dead_edge)
    yield Segment(" " * (width - cells - bool(rest)))


def _steps(share: float, whole: int) -> int:
    """Return the part of a bar in steps: none for a share that is too small, else at least one."""
    return min(whole, max(1, round(share * whole))) if share >= LEAST_SHARE else 0
