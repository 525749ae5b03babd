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

_LEAST_NAME = 4
"""The fewest cells of a name."""


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

    def __init__(self, width: int, height: int, glyphs: Glyphs) -> None:
        self.height = height
        self._glyphs = glyphs
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
            characters[box.left : box.right] = " " * here + self._glyphs.dead * (box.width - here)
            looks[box.left : box.left + here] = [Look(hue)] * here
            looks[box.left + here : box.right] = [Look(hue, is_dead=True)] * (box.width - here)

    def _name(self, box: Box) -> None:
        """Write the name of a box, and its size beside it or below it."""
        entry, room = box.entry, box.width - (4 if box.is_frame else 1)
        look = Look(None if box.is_frame else box.number % _HUES, is_name=True)
        left, size = box.left + (2 if box.is_frame else 0), human_size(entry.size)
        one_line = f" {entry.name} {size} "
        if room < _LEAST_NAME:
            return
        if cell_len(one_line) <= room or box.height == 1 or box.is_frame:
            self._write(left, box.top, one_line if cell_len(one_line) <= room else f" {entry.name} ", room, look)
        else:
            self._write(left, box.top, f" {entry.name} ", room, look)
            self._write(left, box.top + 1, f" {size} ", room, look)

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
            if box.is_frame:
                self._name(box)
            else:
                self._inner_name(box)
            return
        for y in range(box.top, box.bottom):
            self._looks[y][box.left : box.right] = [look] * box.width

    def _inner_name(self, box: Box) -> None:
        """Write the name inside the outline, which covers the one in the first line, if there is room."""
        room = box.width - 3
        if box.height > 2 and room >= _LEAST_NAME:  # noqa: PLR2004  # a line inside the outline
            text, look = f" {box.entry.name} {human_size(box.entry.size)} ", Look(box.number % _HUES, is_name=True)
            self._write(box.left + 1, box.top + 1, text, room, look)

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
