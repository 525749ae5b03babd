"""The map as cells: names on coloured boxes, stripes for dead bytes, frames around folders, the cursor's outline."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from rich.cells import cell_len, get_character_cell_size

from layerscope.text import human_size
from layerscope.tui.drawing.cells import cut
from layerscope.tui.drawing.glyphs import Glyphs
from layerscope.tui.size.map.boxes import Box

_HUES = 5
"""The number of colours of boxes."""

_FILLS = " .:'-"
"""The characters that boxes are filled with in place of colours."""

_LEAST_NAME = 4
"""The fewest cells of a name."""

_LINES_OF_OUTLINE = 2
"""A box that has no more has its name in the outline, not inside."""


class Look(NamedTuple):
    """The look of a cell: the colour of its box, a name that stands out, stripes, or a line of a frame."""

    hue: int | None = None
    is_name: bool = False
    is_dead: bool = False
    is_outline: bool = False


class _Lines(NamedTuple):
    """The characters of a frame: horizontal, vertical, and the corners from the top left, line by line."""

    across: str
    down: str
    corners: str


_THIN, _THICK, _ASCII_LINES = _Lines("─", "│", "╭╮╰╯"), _Lines("━", "┃", "┏┓┗┛"), _Lines("-", "|", "++++")
_ASCII_THICK = _Lines("=", "#", "####")


class Canvas:
    """The cells of the map."""

    def __init__(self, width: int, height: int, glyphs: Glyphs, *, has_colors: bool = True) -> None:
        self.height = height
        self._glyphs = glyphs
        self._fills = " " * _HUES if has_colors else _FILLS
        self._characters = [[" "] * width for _ in range(height)]
        self._looks = [[Look()] * width for _ in range(height)]

    def draw(self, boxes: Sequence[Box], chosen: int | None) -> None:
        """Draw all boxes, and the outline of the chosen one over them."""
        for box in boxes:
            if box.is_frame:
                self._frame(box, _THIN if self._glyphs.has_unicode else _ASCII_LINES, Look())
            else:
                self._fill(box)
            self._name(box)
        if chosen is not None:
            self._outline(boxes[chosen])

    def spans(self, y: int) -> Iterator[tuple[str, Look]]:
        """Yield a line as texts, each of one look."""
        cells = zip(self._characters[y], self._looks[y], strict=True)
        for look, run in groupby(cells, key=lambda cell: cell[1]):
            yield "".join(character for character, _ in run), look

    def _fill(self, box: Box) -> None:
        """Colour a box; its last cells, as large a part as the bytes that are dead, are striped."""
        entry, hue = box.entry, box.number % _HUES
        dead = round(box.width * box.height * entry.dead / entry.size)
        live = box.width * box.height - dead
        for y in range(box.height):
            here = max(0, min(box.width, live - y * box.width))
            characters, looks = self._characters[box.top + y], self._looks[box.top + y]
            characters[box.left : box.right] = self._fills[hue] * here + self._glyphs.dead * (box.width - here)
            looks[box.left : box.left + here] = [Look(hue)] * here
            looks[box.left + here : box.right] = [Look(hue, is_dead=True)] * (box.width - here)

    def _name(self, box: Box) -> None:
        """Write the name of a box and its size; in a frame on one line only."""
        if box.is_frame:
            self._title(box)
        else:
            self._label(box, box.left, box.top, box.width - 1, box.height)

    def _title(self, box: Box) -> None:
        """Write the name and the size into the first line of a frame or an outline."""
        self._label(box, box.left + 2, box.top, box.width - 4, 1)

    def _label(self, box: Box, x: int, y: int, room: int, lines: int) -> None:
        """Write a name, and the size beside it or below it, if there is room for all of the size."""
        name, size = box.entry.name, f" {human_size(box.entry.size)} "
        if room < _LEAST_NAME or not lines:
            return
        look = Look(None if box.is_frame else box.number % _HUES, is_name=True)
        if cell_len(f" {name}{size}") <= room:
            self._write(x, y, f" {name}{size}", room, look)
        else:
            self._write(x, y, f" {name} ", room, look)
            if lines > 1 and cell_len(size) <= room:
                self._write(x, y + 1, size, room, look)

    def _write(self, x: int, y: int, text: str, room: int, look: Look) -> None:
        for character in cut(text, room, self._glyphs):
            width = get_character_cell_size(character)
            self._characters[y][x : x + width] = [character, *[""] * (width - 1)] if width else []
            self._looks[y][x : x + width] = [look] * width
            x += width

    def _outline(self, box: Box) -> None:
        look = Look(is_outline=True)
        if box.width > 1 and box.height > 1:
            self._frame(box, _THICK if self._glyphs.has_unicode else _ASCII_THICK, look)
            if box.is_frame or box.height == _LINES_OF_OUTLINE:
                self._title(box)
            else:
                # inside the outline, which covers the name in the first line
                self._label(box, box.left + 1, box.top + 1, box.width - 3, box.height - _LINES_OF_OUTLINE)
            return
        for y in range(box.top, box.bottom):
            self._looks[y][box.left : box.right] = [look] * box.width

    def _frame(self, box: Box, lines: _Lines, look: Look) -> None:
        first, last = box.left, box.right - 1
        for y in (box.top, box.bottom - 1):
            self._characters[y][first : box.right] = lines.across * box.width
            self._looks[y][first : box.right] = [look] * box.width
        for y in range(box.top, box.bottom):
            for x in (first, last):
                self._characters[y][x] = lines.down
                self._looks[y][x] = look
        edges = ((first, box.top), (last, box.top), (first, box.bottom - 1), (last, box.bottom - 1))
        for (x, y), corner in zip(edges, lines.corners, strict=True):
            self._characters[y][x] = corner
