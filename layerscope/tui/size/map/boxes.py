"""The layout of the map: boxes of cells in boxes of cells, and the way from one to the next."""

from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from typing import NamedTuple

from layerscope.tui.size.map.entries import MapEntry
from layerscope.tui.size.map.squarified import Rectangle, treemap

CELL_ASPECT = 2.0
"""The height of a cell of a terminal, in its widths."""

_DEEPEST = 3
"""The levels of folders that are shown in each other."""

_LEAST_FRAME = 16, 5
"""The width and height from which on a folder is a frame around its entries."""

Entries = Callable[[int], Sequence[MapEntry]]
"""The entries right below a folder, the largest first."""


class Direction(Enum):
    """A direction of an arrow key, in columns and lines."""

    LEFT = (-1, 0)
    RIGHT = (1, 0)
    UP = (0, -1)
    DOWN = (0, 1)


class Box(NamedTuple):
    """An entry on the screen, in cells. A frame has its entries inside; ``number`` is its position among its siblings.

    A box comes after the one that it is inside.
    """

    entry: MapEntry
    left: int
    top: int
    width: int
    height: int
    number: int
    is_frame: bool = False

    @property
    def right(self) -> int:
        """The column after the last one."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """The line after the last one."""
        return self.top + self.height

    @property
    def handle(self) -> "Box":
        """The part that arrow keys go to: of a frame, the line of its title."""
        return self._replace(height=1) if self.is_frame else self


def lay_out(folder: int, width: int, height: int, entries: Entries) -> list[Box]:
    """Return the boxes of a folder's entries, and of those inside them, that have at least one cell."""
    return [*_boxes(folder, Rectangle(0, 0, width, height), entries, _DEEPEST)]


def _boxes(folder: int, plane: Rectangle, entries: Entries, levels: int) -> Iterator[Box]:
    inside = [entry for entry in entries(folder) if entry.size]
    rectangles = treemap([entry.size for entry in inside], plane, aspect=CELL_ASPECT)
    for number, (entry, rectangle) in enumerate(zip(inside, rectangles, strict=True)):
        left, top = round(rectangle.left), round(rectangle.top)
        width = round(rectangle.left + rectangle.width) - left
        height = round(rectangle.top + rectangle.height) - top
        if width < 1 or height < 1:
            continue
        is_frame = entry.is_folder and levels > 1 and width >= _LEAST_FRAME[0] and height >= _LEAST_FRAME[1]
        yield Box(entry, left, top, width, height, number, is_frame)
        if is_frame and entry.node is not None:
            yield from _boxes(entry.node, Rectangle(left + 1, top + 1, width - 2, height - 2), entries, levels - 1)


def box_at(boxes: Sequence[Box], x: int, y: int) -> int | None:
    """Return the number of the innermost box at a cell."""
    hits = (
        number
        for number in range(len(boxes) - 1, -1, -1)
        if boxes[number].left <= x < boxes[number].right and boxes[number].top <= y < boxes[number].bottom
    )
    return next(hits, None)


def next_box(boxes: Sequence[Box], current: int, direction: Direction) -> int:
    """Return the nearest box in a direction, one beside the current box before others; the same one at the edge."""
    start = boxes[current].handle
    ways = [
        (way, number)
        for number, box in enumerate(boxes)
        if number != current and (way := _way(start, box.handle, direction)) is not None
    ]
    return min(ways, default=((), current))[1]


def _way(start: Box, end: Box, direction: Direction) -> tuple[int, int, int] | None:
    """Return how far it is to a box: aside of the current one or not, ahead, and between the centres."""
    if direction in (Direction.LEFT, Direction.RIGHT):
        gap = end.left - start.right if direction is Direction.RIGHT else start.left - end.right
        aside = max(start.top, end.top) - min(start.bottom, end.bottom)
        centre = abs(start.top + start.bottom - end.top - end.bottom)
    else:
        gap = end.top - start.bottom if direction is Direction.DOWN else start.top - end.bottom
        aside = max(start.left, end.left) - min(start.right, end.right)
        centre = abs(start.left + start.right - end.left - end.right)
    return None if gap < 0 or aside >= 0 else (gap, aside, centre)
