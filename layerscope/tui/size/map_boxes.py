"""The boxes of the map: the entries of a folder, their layout in cells, and the way from one box to the next.

The layout is a squarified treemap, with areas proportional to sizes and boxes as square as possible: Bruls, Huizing,
van Wijk, https://www.win.tue.nl/~vanwijk/stm.pdf.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from layerscope.session.size.analysis import SizeAnalysis
from layerscope.session.size.columns import directory_name
from layerscope.text import human_share, human_size, plural
from layerscope.tui.size.lists.directories import entry_words
from layerscope.tui.size.lists.model import Subject
from layerscope.tui.size.state import SizeView, Topic

CELL_ASPECT = 2.0
"""The height of a cell of a terminal, in its widths."""

_DEEPEST = 3
"""The levels of folders that are shown in each other."""

_LEAST_FRAME = 16, 5
"""The width and height from which on a folder is a frame around its entries."""

_MOST_ENTRIES = 60
"""The most entries with a box of their own."""


class MapEntry(NamedTuple):
    """A file or folder with its live and dead bytes; ``node`` is None for the small entries of ``folder`` together."""

    node: int | None
    folder: int
    name: str
    live: int
    dead: int
    is_folder: bool = False

    @property
    def size(self) -> int:
        """All bytes."""
        return self.live + self.dead

    @property
    def key(self) -> int:
        """A number for the entry that no other entry of the image has; never 0."""
        return -1 - self.folder if self.node is None else self.node


Entries = Callable[[int], Sequence[MapEntry]]
"""The entries right below a folder, the largest first."""


def folder_entries(analysis: SizeAnalysis, folder: int) -> list[MapEntry]:
    """Return the entries right below a folder, the largest first, with the sum of the small ones."""
    sizes = analysis.directories
    nodes = sorted(sizes.nodes(folder), key=lambda node: (-sizes.all_bytes(node), node))
    entries = []
    for node in nodes[:_MOST_ENTRIES]:
        row = sizes.row(node)
        entries.append(MapEntry(node, folder, directory_name(row), row.size, row.dead, row.is_directory))
    rest = nodes[_MOST_ENTRIES:]
    if rest:
        live, dead = sum(map(sizes.size, rest)), sum(map(sizes.dead, rest))
        entries.append(MapEntry(None, folder, plural(len(rest), "other entry", "other entries"), live, dead))
        entries.sort(key=lambda entry: -entry.size)
    return entries


def entry_subject(analysis: SizeAnalysis, entry: MapEntry) -> Subject:
    """Return what Enter opens: a folder as a map, a file, or the list of the small entries."""
    if entry.node is None:
        return Subject(topic=Topic(SizeView.DIRECTORIES, entry.folder or None))
    topic = Topic(SizeView.MAP, entry.node) if entry.is_folder else None
    return Subject(entry.node, analysis.tree.layers[-1], topic=topic)


def entry_detail(analysis: SizeAnalysis, entry: MapEntry) -> str:
    """Return what is said about an entry below the map."""
    whole = analysis.directories.size(0) + analysis.directories.dead(0)
    share = human_share(entry.size, whole)
    if entry.node is None:
        return f"{entry.name} of {human_size(entry.size)} in all, {share}; Enter lists the folder"
    return f"{entry_words(analysis, analysis.directories.row(entry.node))}; {share} of all bytes"


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
        rectangles, free = _laid_row(row, free)
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


def _laid_row(row: Sequence[float], free: Rectangle) -> tuple[list[Rectangle], Rectangle]:
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
