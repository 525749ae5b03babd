"""A folder as a treemap: a tile for each entry, with an area proportional to its size."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from layerscope.text import human_size
from layerscope.tui.drawing.cells import cut
from layerscope.tui.drawing.glyphs import glyphs_of
from layerscope.tui.keys.table import Key, bindings
from layerscope.tui.size.treemap_layout import Rectangle, treemap
from layerscope.tui.widgets.row_table import TableRow

_CELL_ASPECT = 2.0
"""The height of a cell of a terminal, in its widths."""

_HUES = ("primary", "secondary", "accent", "warning", "success")
_LEAST_WIDTH = 4


class Tile(NamedTuple):
    """A tile of the map, and its row; the last cell of the row is its name."""

    size: int
    row: TableRow


class Treemap(Widget, can_focus=True):
    """The tiles, the largest at the top left. The cursor moves from one to the next by size."""

    ALLOW_SELECT = False
    KEYS: ClassVar[tuple[Key, ...]] = (
        Key("down,right,j,l", "move(1)", "To the next smaller tile", id="map.next"),
        Key("up,left,k,h", "move(-1)", "To the next larger tile", id="map.previous"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(KEYS)
    DEFAULT_CSS = """
    Treemap { height: 1fr; }
    """

    class Moved(Message):
        """The cursor is on another tile."""

    def __init__(self) -> None:
        super().__init__()
        self._tiles: Sequence[Tile] = ()
        self._owners: list[list[int]] = []
        self._first_lines: list[int] = []
        self.cursor = 0

    class Chosen(Message):
        """The tile under the cursor was chosen."""

    def show(self, tiles: Sequence[Tile], cursor: int = 0) -> None:
        """Show these tiles, which are in descending order of their sizes."""
        self._tiles = tiles
        self.cursor = min(cursor, len(tiles) - 1)
        self._lay_out()

    @property
    def row(self) -> TableRow | None:
        """The row of the tile under the cursor."""
        return self._tiles[self.cursor].row if self.cursor < len(self._tiles) else None

    def on_resize(self) -> None:
        """Lay out the tiles for the new size."""
        self._lay_out()

    def _lay_out(self) -> None:
        """Find the tile of each cell, and the first line of each tile."""
        width, height = self.size
        self._owners = [[-1] * width for _ in range(height)]
        self._first_lines = []
        plane = Rectangle(0, 0, width, height)
        for number, tile in enumerate(treemap([tile.size for tile in self._tiles], plane, aspect=_CELL_ASPECT)):
            columns = range(round(tile.left), min(width, round(tile.left + tile.width)))
            lines = range(round(tile.top), min(height, round(tile.top + tile.height)))
            self._first_lines.append(lines.start)
            for y in lines:
                self._owners[y][columns.start : columns.stop] = [number] * len(columns)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Return a line of the map, in which each run of cells belongs to one tile."""
        if y >= len(self._owners):
            return Strip.blank(self.size.width, self.rich_style)
        runs = ((number, len(list(cells))) for number, cells in groupby(self._owners[y]))
        segments = [segment for number, width in runs for segment in self._run(number, y, width)]
        return Strip(segments, len(self._owners[y]))

    def _run(self, number: int, y: int, width: int) -> Iterator[Segment]:
        """Yield a run of cells of a tile: its name or its size at the top left, then its colour."""
        if number < 0:
            yield Segment(" " * width, self.rich_style)
            return
        style, is_chosen = self._tile_style(number), number == self.cursor
        label = cut(self._label(number, y), width - 2, glyphs_of(self)) if width >= _LEAST_WIDTH else ""
        yield Segment(" ", style)
        # The tile under the cursor is marked without colours as well.
        yield Segment(label, style + Style(bold=is_chosen, underline=is_chosen))
        yield Segment(" " * (width - 1 - cell_len(label)), style)

    def _label(self, number: int, y: int) -> str:
        """Return the text in a line of a tile."""
        tile = self._tiles[number]
        return {0: tile.row.cells[-1], 1: human_size(tile.size)}.get(y - self._first_lines[number], "")

    def _tile_style(self, number: int) -> Style:
        """Return the colours of a tile, which differ from those of the next one."""
        variables, hue = self.app.theme_variables, _HUES[number % len(_HUES)]
        is_active = number == self.cursor and self.has_focus
        background = variables[hue if is_active else f"{hue}-muted"]
        return Style(color=variables["background" if is_active else "foreground"], bgcolor=background)

    def on_click(self, event: events.Click) -> None:
        """Move to the tile that is clicked; open it on a double click."""
        if 0 <= event.y < len(self._owners) and 0 <= event.x < len(self._owners[event.y]):
            number = self._owners[event.y][event.x]
            if number >= 0:
                self._move_to(number)
                if event.chain > 1:
                    self.action_choose()

    def _move_to(self, number: int) -> None:
        if self._tiles:
            self.cursor = max(0, min(number, len(self._tiles) - 1))
            self.refresh()
            self.post_message(self.Moved())

    def action_move(self, step: int) -> None:
        """Move to the next smaller tile, or to the next larger one."""
        self._move_to(self.cursor + step)

    def action_choose(self) -> None:
        """Open the tile under the cursor."""
        if self.row is not None:
            self.post_message(self.Chosen())
