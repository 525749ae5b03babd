"""The layout of a treemap: rectangles whose areas are proportional to sizes, as square as possible.

Squarified treemaps: Bruls, Huizing, van Wijk, https://www.win.tue.nl/~vanwijk/stm.pdf.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A rectangle on a plane, in the units of the plane."""

    left: float
    top: float
    width: float
    height: float


def treemap(sizes: Sequence[int], plane: Rectangle, *, aspect: float = 1.0) -> list[Rectangle]:
    """Return a rectangle for each size, with proportional areas. The sizes must be in descending order.

    ``aspect`` is the height of a unit divided by its width: about 2 for the cells of a terminal.
    """
    total = sum(sizes)
    if not total or plane.width <= 0 or plane.height <= 0:
        return [Rectangle(plane.left, plane.top, 0, 0) for _ in sizes]
    scale = plane.width * plane.height * aspect / total
    areas = [size * scale for size in sizes]
    placed: list[Rectangle] = []
    free = Rectangle(plane.left, plane.top, plane.width, plane.height * aspect)
    while len(placed) < len(areas):
        row = _row(areas[len(placed) :], min(free.width, free.height))
        rectangles, free = _place(row, free)
        placed += rectangles
    return [
        Rectangle(tile.left, plane.top + (tile.top - plane.top) / aspect, tile.width, tile.height / aspect)
        for tile in placed
    ]


def _row(areas: Sequence[float], side: float) -> list[float]:
    """Return the areas of the row along a side whose rectangles are the most square."""
    row = [areas[0]]
    for area in areas[1:]:
        if not area or _worst([*row, area], side) > _worst(row, side):
            break
        row.append(area)
    return row


def _worst(row: Sequence[float], side: float) -> float:
    """Return the worst aspect ratio in a row."""
    total = sum(row)
    if not total or not min(row) or not side:
        return float("inf")
    return max(side * side * max(row) / (total * total), total * total / (side * side * min(row)))


def _place(row: Sequence[float], free: Rectangle) -> tuple[list[Rectangle], Rectangle]:
    """Return the rectangles of a row along the shorter side, and the plane that remains."""
    total = sum(row)
    if free.width >= free.height:
        thick = total / free.height if free.height else 0
        rectangles, at = [], free.top
        for area in row:
            length = area / thick if thick else 0
            rectangles.append(Rectangle(free.left, at, thick, length))
            at += length
        return rectangles, Rectangle(free.left + thick, free.top, max(0, free.width - thick), free.height)
    thick = total / free.width if free.width else 0
    rectangles, at = [], free.left
    for area in row:
        length = area / thick if thick else 0
        rectangles.append(Rectangle(at, free.top, length, thick))
        at += length
    return rectangles, Rectangle(free.left, free.top + thick, free.width, max(0, free.height - thick))
