"""The overview of the size view: secrets and advice, one after the other, with the one under the cursor explained."""

from collections.abc import Iterable, Sequence
from itertools import repeat
from operator import sub
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.message import Message

from layerscope.tui.drawing.bars import BarStyles, bar_segments
from layerscope.tui.size.lists.model import Subject
from layerscope.tui.size.overview_items import BAR_WIDTH, Item, SizeShare, Spans
from layerscope.tui.widgets.line_list import LineList
from layerscope.tui.widgets.tall_list import TallList, fitting_heights


class Overview(TallList):
    """Items of several lines: the one under the cursor is open, and so are the first ones, as many as fit."""

    STYLES: ClassVar[dict[str, str]] = LineList.STYLES | {"strong": "bold", "alarm": "bold $error"}
    GREY_STYLES: ClassVar[dict[str, str]] = {"alarm": "bold $foreground"}
    DEFAULT_CSS = """
    Overview { height: 1fr; }
    """

    class Chosen(Message):
        """The item under the cursor was chosen."""

    def __init__(self) -> None:
        super().__init__()
        self._items: Sequence[Item] = ()
        self._headers: list[list[Spans]] = []
        self._explained: list[list[Spans]] = []
        self._lines: list[list[Spans]] = []

    def show(self, items: Sequence[Item], cursor: int = 0) -> None:
        """Show these items."""
        self._items, self.cursor = items, cursor
        self._draw_items()

    @property
    def subject(self) -> Subject:
        """The subject of the item under the cursor."""
        return self._items[self.cursor].subject if self.cursor < len(self._items) else Subject()

    def _draw_items(self) -> None:
        """Draw all items for the width, closed and open."""
        self._headers, self._explained = (self._drawn(repeat(is_open), repeat(1)) for is_open in (False, True))
        self._lay_out()

    def _drawn(self, opens: Iterable[bool], most: Iterable[int]) -> list[list[Spans]]:
        """Return the lines of all items: whether each one is open, and the most lines of its instruction."""
        width, glyphs = self.line_width, self.glyphs
        each = zip(self._items, opens, most, strict=False)
        return [item.lines(width, glyphs, lines, is_open=is_open) for item, is_open, lines in each]

    def _lay_out(self) -> None:
        """Choose the items that are open, with the one under the cursor, and wrap instructions in the lines left."""
        height, closed, opened = self.size.height, self._headers, self._explained
        extra = [len(long) - len(short) for short, long in zip(closed, opened, strict=True)]
        # Every item can open when the cursor comes to it, so that the others never have to close for it.
        room = height - sum(map(len, closed))
        room -= 0 if sum(extra) <= room else max(extra, default=0)
        opens = list[bool]()
        for number, lines in enumerate(extra):
            fits = lines <= room
            room = room - lines if fits else 0
            opens.append(fits or number == self.cursor)
        self._lines = [long if is_open else short for short, long, is_open in zip(closed, opened, opens, strict=True)]
        heights = [len(lines) for lines in self._lines]
        if sum(heights) < height:
            whole = [len(lines) for lines in self._drawn(opens, repeat(height))]
            fitting = fitting_heights(heights, list(map(sub, whole, heights)), height)
            self._lines = self._drawn(opens, (1 + lines for lines in map(sub, fitting, heights)))
        self.set_heights(map(len, self._lines))
        self.fit_scrollbar()
        self.refill()

    def item_count(self) -> int:
        """Return the number of items."""
        return len(self._items)

    def draw(self, item: int, line: int, width: int) -> list[Segment]:  # noqa: ARG002  # drawn for the width before
        """Return one line of an item."""
        return [segment for span in self._lines[item][line] for segment in self._segments(span)]

    def _segments(self, span: tuple[str, str | None] | SizeShare) -> Iterable[Segment]:
        if isinstance(span, SizeShare):
            styles = BarStyles(self.style_of("bar"), self.style_of("dead"), self.style_of("dead-edge"))
            return bar_segments(span.live, span.dead, BAR_WIDTH, self.glyphs, styles)
        text, style = span
        return [Segment(text, self.style_of(style) if style else None)]

    def move_to(self, item: int) -> None:
        """Put the cursor on an item, which opens it."""
        super().move_to(item)
        self._lay_out()

    def on_resize(self) -> None:
        """Draw the items for the new size."""
        self._draw_items()

    def clicked(self, item: int, event: events.Click) -> None:  # noqa: ARG002  # the cursor is on it
        """Choose an item by a second click."""
        if event.chain > 1:
            self.post_message(self.Chosen())
