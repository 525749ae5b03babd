"""The map of a folder: boxes in boxes, and a cursor that arrow keys move from one to the next."""

from collections.abc import Callable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from layerscope.tui.drawing.glyphs import glyphs_of
from layerscope.tui.keys.table import Key, bindings
from layerscope.tui.size.map.boxes import Box, Direction, Entries, box_at, lay_out, next_box
from layerscope.tui.size.map.canvas import Canvas, Look
from layerscope.tui.size.map.entries import MapEntry


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
        self._canvas: Canvas | None = None  # made for a size, which may be another one when the next line is drawn
        self.cursor = 0

    def show(self, folder: int, entries: Callable[[int], list[MapEntry]], cursor: int = 0) -> None:
        """Show the entries of a folder."""
        self._folder, self._entries, self.cursor = folder, entries, cursor
        self._lay_out()

    @property
    def entry(self) -> MapEntry | None:
        """The entry under the cursor."""
        number = self._number
        return None if number is None else self._boxes[number].entry

    @property
    def _number(self) -> int | None:
        """The number of the box under the cursor: at first that of the largest entry that is not a frame."""
        numbers = (number for number, box in enumerate(self._boxes) if box.entry.key == self.cursor)
        inner = (number for number, box in enumerate(self._boxes) if not box.is_frame)
        return next(numbers, next(inner, None))

    def on_resize(self) -> None:
        """Lay out the boxes for the new size."""
        self._lay_out()
        self.post_message(self.Moved())

    def _lay_out(self) -> None:
        self._boxes = lay_out(self._folder, *self.size, self._entries)
        self._draw()

    def _draw(self) -> None:
        self._canvas = Canvas(*self.size, glyphs_of(self), has_colors=not self.app.no_color)
        self._canvas.draw(self._boxes, self._number)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Return a line of the map."""
        if self._canvas is None or y >= self._canvas.height:
            return Strip.blank(self.size.width, self.rich_style)
        return Strip([Segment(text, self._style(look)) for text, look in self._canvas.spans(y)])

    def _style(self, look: Look) -> Style:
        """Return the style of a look, kept until the theme changes: computing one takes as long as drawing a line."""
        if look not in self._styles:
            self._styles[look] = self._computed_style(look)
        return self._styles[look]

    def notify_style_update(self) -> None:
        """Drop the styles: the theme has changed."""
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
        """Move to the nearest box in a direction."""
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
