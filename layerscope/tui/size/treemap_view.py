"""A folder as a map: what is in it, each as large as it weighs."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from layerscope.text import human_size
from layerscope.tui.drawing.cells import cut
from layerscope.tui.drawing.glyphs import Glyphs
from layerscope.tui.size.treemap import Rectangle, treemap
from layerscope.tui.widgets.fact_table import Fact

_CELL_ASPECT = 2.0
"""A cell of a terminal is about twice as high as it is wide."""

_MOST_TILES = 60
_HUES = ("primary", "secondary", "accent", "warning", "success")
_LEAST_WIDTH = 4


class TreemapView(Widget, can_focus=True):
    """Tiles, the heaviest at the top left. The cursor goes from one to the next by weight."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    TreemapView { height: 1fr; }
    """

    class Moved(Message):
        """Another tile is chosen."""

    class Chosen(Message):
        """A tile was opened."""

        def __init__(self, fact: Fact) -> None:
            super().__init__()
            self.fact = fact

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own word
        super().__init__(id=id)
        self._glyphs = glyphs
        self._facts: Sequence[Fact] = ()
        self._sizes: Sequence[int] = ()
        self._owner: list[list[int]] = []
        self.cursor = 0

    def show(self, facts: Sequence[Fact], sizes: Sequence[int]) -> None:
        """Show these facts, the heaviest first, by their sizes."""
        self._facts, self._sizes = facts[:_MOST_TILES], sizes[:_MOST_TILES]
        self.cursor = 0
        self._lay_out()

    @property
    def fact(self) -> Fact | None:
        """The fact of the chosen tile."""
        return self._facts[self.cursor] if self.cursor < len(self._facts) else None

    def on_resize(self) -> None:
        """Lay out the tiles anew."""
        self._lay_out()

    def _lay_out(self) -> None:
        """Find out which tile owns each cell."""
        width, height = self.size
        self._owner = [[-1] * width for _ in range(height)]
        tiles = treemap(self._sizes, Rectangle(0, 0, width, height), aspect=_CELL_ASPECT)
        for place, tile in enumerate(tiles):
            for y in range(round(tile.top), min(height, round(tile.top + tile.height))):
                for x in range(round(tile.left), min(width, round(tile.left + tile.width))):
                    self._owner[y][x] = place
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Return a line of the map: runs of cells of one tile each."""
        if y >= len(self._owner):
            return Strip.blank(self.size.width, self.rich_style)
        owners, segments, start = self._owner[y], [], 0
        for x in range(1, len(owners) + 1):
            if x == len(owners) or owners[x] != owners[start]:
                segments.append(self._run(owners[start], y, x - start))
                start = x
        return Strip(segments, len(owners))

    def _run(self, place: int, y: int, width: int) -> Segment:
        if place < 0:
            return Segment(" " * width, self.rich_style)
        return Segment(self._label(place, y, width), self._tile_style(place))

    def _label(self, place: int, y: int, width: int) -> str:
        """Return the text of a tile's line: name and size at its top left."""
        first = next(row for row, owners in enumerate(self._owner) if place in owners)
        name, size = self._facts[place].cells[-1], human_size(self._sizes[place])
        text = {0: f" {name}", 1: f" {size}"}.get(y - first, "") if width >= _LEAST_WIDTH else ""
        text = cut(text, width - 1, self._glyphs) if text else ""
        return text + " " * (width - cell_len(text))

    def _tile_style(self, place: int) -> Style:
        """Return the colors of a tile: neighbours differ, and the chosen one stands out without color as well."""
        variables = self.app.theme_variables
        color = variables[_HUES[place % len(_HUES)]]
        chosen = place == self.cursor
        background = color if chosen and self.has_focus else variables[f"{_HUES[place % len(_HUES)]}-muted"]
        foreground = variables["background"] if chosen and self.has_focus else variables["foreground"]
        return Style(color=foreground, bgcolor=background, bold=chosen, underline=chosen)

    def on_click(self, event: events.Click) -> None:
        """Choose the tile that the mouse clicks; a second click opens it."""
        if 0 <= event.y < len(self._owner) and 0 <= event.x < len(self._owner[event.y]):
            place = self._owner[event.y][event.x]
            if place >= 0:
                self._move_to(place)
                if event.chain > 1:
                    self.action_choose()

    def _move_to(self, place: int) -> None:
        if self._facts:
            self.cursor = max(0, min(place, len(self._facts) - 1))
            self.refresh()
            self.post_message(self.Moved())

    def action_move(self, step: int) -> None:
        """Choose the next lighter tile, or the next heavier one."""
        self._move_to(self.cursor + step)

    def action_choose(self) -> None:
        """Open the chosen tile."""
        if self.fact is not None:
            self.post_message(self.Chosen(self.fact))
