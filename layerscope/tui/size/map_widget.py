"""The map of a folder: names on coloured boxes, frames around folders, and a cursor that arrow keys move."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import ClassVar, NamedTuple

from rich.cells import cell_len, get_character_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from layerscope.text import human_size
from layerscope.tui.drawing.cells import cut
from layerscope.tui.drawing.glyphs import Glyphs, glyphs_of
from layerscope.tui.keys.table import Key, bindings
from layerscope.tui.size.map_boxes import Box, Direction, Entries, MapEntry, box_at, lay_out, next_box

_HUES = 5
"""The number of colours of boxes."""

_FILLS = " .:'-"
"""The characters that boxes are filled with instead of colours."""

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


class Treemap(Widget, can_focus=True):
    """The boxes, the largest at the top left. ``cursor`` is the key of the chosen entry, or 0 at first."""

    ALLOW_SELECT = False
    KEYS: ClassVar[tuple[Key, ...]] = (
        Key("up,k", "go('UP')", "To the box above", id="map.up"),
        Key("down,j", "go('DOWN')", "To the box below", id="map.down"),
        Key("left,h", "go('LEFT')", "To the box on the left", id="map.left"),
        Key("right,l", "go('RIGHT')", "To the box on the right", id="map.right"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(KEYS)
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "treemap--hue-0",
        "treemap--hue-1",
        "treemap--hue-2",
        "treemap--hue-3",
        "treemap--hue-4",
        "treemap--dead",
        "treemap--outline",
        "treemap--frame",
    }
    DEFAULT_CSS = """
    Treemap {
        height: 1fr;
        & > .treemap--hue-0 { background: $primary 35%; color: $foreground; }
        & > .treemap--hue-1 { background: $secondary 30%; color: $foreground; }
        & > .treemap--hue-2 { background: $accent 35%; color: $foreground; }
        & > .treemap--hue-3 { background: $warning 30%; color: $foreground; }
        & > .treemap--hue-4 { background: $success 25%; color: $foreground; }
        & > .treemap--dead { color: $error 75%; }
        & > .treemap--outline { color: $foreground; text-style: bold; }
        & > .treemap--frame { color: $foreground 60%; }
        &:ansi > .treemap--hue-0 { background: ansi_blue; color: ansi_white; }
        &:ansi > .treemap--hue-1 { background: ansi_green; color: ansi_black; }
        &:ansi > .treemap--hue-2 { background: ansi_magenta; color: ansi_white; }
        &:ansi > .treemap--hue-3 { background: ansi_yellow; color: ansi_black; }
        &:ansi > .treemap--hue-4 { background: ansi_cyan; color: ansi_black; }
        &:ansi > .treemap--dead { color: ansi_red; }
    }
    """

    class Moved(Message):
        """The cursor is on another box."""

    class Chosen(Message):
        """The box under the cursor was chosen."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = 0
        self._entries: Entries = lambda _folder: ()
        self._boxes: list[Box] = []
        self._styles: dict[Look, Style] = {}
        self._drawn_size = Size(0, 0)
        self._canvas: Canvas | None = None  # made for a size, which may be another one when the next line is drawn
        self.cursor = 0

    def show(self, folder: int, entries: Callable[[int], list[MapEntry]], cursor: int = 0) -> None:
        """Show the entries of a folder."""
        self._folder, self._entries, self.cursor = folder, entries, cursor
        self._lay_out()

    @property
    def entry(self) -> MapEntry | None:
        number = self._number
        return None if number is None else self._boxes[number].entry

    @property
    def _number(self) -> int | None:
        """The number of the box under the cursor: at first that of the largest entry that is not a frame."""
        numbers = (number for number, box in enumerate(self._boxes) if box.entry.key == self.cursor)
        inner = (number for number, box in enumerate(self._boxes) if not box.is_frame)
        return next(numbers, next(inner, None))

    def on_resize(self) -> None:
        self._lay_out()
        self.post_message(self.Moved())

    def _lay_out(self) -> None:
        # a click may come between a resize and the layout for it
        self._drawn_size = self.size
        self._boxes = lay_out(self._folder, *self._drawn_size, self._entries)
        self._draw()

    def _draw(self) -> None:
        self._canvas = Canvas(*self._drawn_size, glyphs_of(self), has_colors=not self.app.no_color)
        self._canvas.draw(self._boxes, self._number)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        if self._canvas is None or y >= self._canvas.height:
            return Strip.blank(self.size.width, self.rich_style)
        return Strip([Segment(text, self._style(look)) for text, look in self._canvas.spans(y)])

    def _style(self, look: Look) -> Style:
        """Return the style of a look, kept until the theme changes: computing one takes as long as drawing a line."""
        if look not in self._styles:
            self._styles[look] = self._computed_style(look)
        return self._styles[look]

    def notify_style_update(self) -> None:
        self._styles.clear()
        super().notify_style_update()

    def _computed_style(self, look: Look) -> Style:
        style = self.rich_style if look.hue is None else self._component(f"hue-{look.hue}")
        if look.hue is None and not look.is_name:
            style += Style(color=self._component("outline" if look.is_outline else "frame").color)
        if look.is_dead:
            style += Style(color=self._component("dead").color)
        return style + Style(bold=look.is_name or look.is_outline)

    def _component(self, name: str) -> Style:
        return self.get_component_rich_style(f"treemap--{name}")

    def action_go(self, direction: str) -> None:
        if self._number is not None:
            self._move_to(next_box(self._boxes, self._number, Direction[direction]))

    def on_click(self, event: events.Click) -> None:
        """Move to the box that is clicked; open it on a double click."""
        number = box_at(self._boxes, event.x, event.y)
        if number is not None:
            self._move_to(number)
            if event.chain > 1:
                self.post_message(self.Chosen())

    def _move_to(self, number: int) -> None:
        self.cursor = self._boxes[number].entry.key
        self._draw()
        self.post_message(self.Moved())
