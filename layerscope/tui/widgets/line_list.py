"""A list with a cursor that draws only the lines on the screen, however long it is."""

from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import accumulate
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from layerscope.tui.drawing.bars import BarStyles, bar_segments
from layerscope.tui.keys.table import Key, bindings
from layerscope.tui.widgets.strip_view import StripView


class CursorState(Enum):
    """The cursor on a line: none, the one that keys move, or one in a list without the focus."""

    NONE = "none"
    FOCUSED = "focused"
    BLURRED = "blurred"


class LineList(StripView):
    """The base of the layer list and of all trees and tables: a cursor over items of one or more lines.

    A subclass has `item_count` and `draw`, and, if an item may take several lines, `line_count`, `item_at` and
    `lines_of`.
    """

    KEYS: ClassVar[tuple[Key, ...]] = (
        Key("up,k", "move(-1)", "Up", id="list.up"),
        Key("down,j", "move(1)", "Down", id="list.down"),
        Key("pageup,ctrl+b", "page(-1)", "Page up", id="list.page-up"),
        Key("pagedown,ctrl+f", "page(1)", "Page down", id="list.page-down"),
        Key("home,g", "first", "First", id="list.first"),
        Key("end,G", "last", "Last", id="list.last"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(KEYS)
    STYLES: ClassVar[dict[str, str]] = {
        "cursor": "on $primary 35%",
        "cursor-blurred": "on $foreground 12%",
        "muted": "$foreground 55%",
        "accent": "$accent",
        "added": "$success",
        "modified": "$warning",
        "removed": "$error",
        "folder": "bold $primary",
        "link": "$accent",
        "bar": "$primary",
        "dead": "$error",
        "dead-edge": "$error 55%",
        "lit": "bold $background on $accent",
        "chosen": "bold on $foreground 15%",
        "chosen-number": "bold $background on $primary",
        "match": "bold underline",
        "error": "$error",
    }
    ANSI_STYLES: ClassVar[dict[str, str]] = {
        "cursor": "$ansi-background on $ansi-foreground",
        "cursor-blurred": "bold underline",
        "lit": "bold reverse",
        "chosen": "bold underline",
        "chosen-number": "bold reverse",
    }
    NO_COLOR_STYLES: ClassVar[dict[str, str]] = {"cursor": "reverse"}

    @dataclass
    class Moved(Message):
        """The cursor is on another item."""

        line_list: "LineList"
        item: int

        @property
        def control(self) -> "LineList":
            """The list, for handlers that select one."""
            return self.line_list

        def can_replace(self, message: Message) -> bool:
            """Let the last of several moves stand for all of them."""
            return isinstance(message, LineList.Moved) and message.line_list is self.line_list

    def __init__(self) -> None:
        super().__init__()
        self.cursor = 0

    @abstractmethod
    def item_count(self) -> int:
        """Return the number of items."""

    @abstractmethod
    def draw(self, item: int, line: int, width: int) -> list[Segment]:
        """Return one line of an item, without the cursor; ``line`` counts from the item's first."""

    def strip_key(self, item: int) -> object:
        """Return everything that changes how an item looks, except the cursor and the width."""
        return item

    def line_count(self) -> int:
        return self.item_count()

    def item_at(self, line: int) -> int:
        return line

    def lines_of(self, item: int) -> range:
        return range(item, item + 1)

    def refill(self, cursor: int | None = None) -> None:
        """Redraw everything, because the items have changed."""
        self._strips.clear()
        self.cursor = max(0, min(self.cursor if cursor is None else cursor, self.item_count() - 1))
        self.grow()
        self.show_cursor()

    def grow(self) -> None:
        """Show items that were appended."""
        size = Size(self.line_width, self.line_count())
        if self.virtual_size != size:
            self.virtual_size = size
        self.refresh()

    def move_to(self, item: int) -> None:
        """Put the cursor on an item, and post `Moved`."""
        item = max(0, min(item, self.item_count() - 1))
        if item == self.cursor or not self.item_count():
            return
        before, self.cursor = self.cursor, item
        self._refresh_item(before)
        self._refresh_item(item)
        self.show_cursor()
        self.post_message(self.Moved(self, item))

    def show_cursor(self) -> None:
        """Scroll as little as needed to show the item under the cursor."""
        height = self.size.height
        if not height or not self.item_count():
            return
        lines, top = self.lines_of(self.cursor), self.scroll_offset.y
        if lines.start < top:
            target = lines.start
        elif lines.stop > top + height:
            target = lines.stop - height
        else:
            return
        self.scroll_to(y=target, animate=False, immediate=True, force=True)

    def scroll_back(self, top: int) -> None:
        """Show the lines that were on the screen before, from the ``top`` on, and the cursor in any case."""
        self.scroll_to(y=top, animate=False, immediate=True, force=True)
        self.show_cursor()

    def _refresh_item(self, item: int) -> None:
        if item < self.item_count():
            lines = self.lines_of(item)
            self.refresh_lines(lines.start, len(lines))

    def render_line(self, y: int) -> Strip:
        line, width = self.scroll_offset.y + y, self.line_width
        if line >= self.line_count():
            return self.blank(width)
        item = self.item_at(line)
        state = self._cursor_state(item)
        key = (self.strip_key(item), line - self.lines_of(item).start, state, width)
        return self._strips.get(key) or self.keep_strip(key, self._strip(item, line, state, width))

    def _cursor_state(self, item: int) -> CursorState:
        if item != self.cursor:
            return CursorState.NONE
        return CursorState.FOCUSED if self.has_focus else CursorState.BLURRED

    def _strip(self, item: int, line: int, state: CursorState, width: int) -> Strip:
        base = self.base_style
        segments = self.draw(item, line - self.lines_of(item).start, width)
        strip = Strip([Segment(text, base + style if style else base) for text, style, _ in segments if text])
        strip = strip.adjust_cell_length(width, base)
        if state is CursorState.NONE:
            return strip
        over = self.style_of("cursor" if state is CursorState.FOCUSED else "cursor-blurred")
        return Strip([Segment(text, self._under_cursor(style or base, over)) for text, style, _ in strip], width)

    def _under_cursor(self, style: Style, cursor: Style) -> Style:
        """Return the style of a part of the line under the cursor."""
        base = self.base_style
        if cursor.color is not None:
            # Only bars keep their colours: the others need not be readable on the cursor's own background.
            keeps_color = style.color in (self.style_of("bar").color, self.style_of("dead").color)
        else:
            # Muted text would be hard to read on the background of the cursor.
            keeps_color = style.color != self.style_of("muted").color
        own_background = style.bgcolor if style.bgcolor != base.bgcolor else None
        return (
            style
            + cursor
            + Style(color=style.color if keeps_color else cursor.color or base.color, bgcolor=own_background)
        )

    def redraw(self) -> None:
        """Redraw the items on the screen: what they show has changed, but not which they are."""
        self._strips.clear()
        self.refresh()

    def bar(self, live: float, dead: float, width: int, style: str = "bar") -> Iterator[Segment]:
        """Yield a bar; ``live`` and ``dead`` are the shares of its parts in the width."""
        styles = BarStyles(self.style_of(style), self.style_of("dead"), self.style_of("dead-edge"))
        return bar_segments(live, dead, width, self.glyphs, styles)

    def on_resize(self) -> None:
        self._strips.clear()
        self.grow()
        self.show_cursor()

    def on_focus(self) -> None:
        """Show the cursor as the one that keys move."""
        self._refresh_item(self.cursor)

    def on_blur(self) -> None:
        """Show the cursor as one that keys do not move."""
        self._refresh_item(self.cursor)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        line = -1 if offset is None else offset.y + self.scroll_offset.y
        if 0 <= line < self.line_count():
            item = self.item_at(line)
            self.move_to(item)
            self.clicked(item, event)

    def clicked(self, item: int, event: events.Click) -> None:
        """Handle a click on an item, after the cursor has moved there."""

    def action_move(self, step: int) -> None:
        self.move_to(self.cursor + step)

    def action_page(self, step: int) -> None:
        line = self.lines_of(self.cursor).start + step * max(1, self.size.height - 1)
        self.move_to(self.item_at(max(0, min(line, self.line_count() - 1))) if self.item_count() else 0)

    def action_first(self) -> None:
        self.move_to(0)

    def action_last(self) -> None:
        self.move_to(self.item_count() - 1)


def fitting_heights(heights: Sequence[int], extra: Sequence[int], room: int) -> Sequence[int]:
    """Return the heights with extra lines where each may have some: all get the same number, the most that fits."""
    for most in range(min(room, max(extra, default=0)), -1, -1):
        taller = [lines + min(more, most) for lines, more in zip(heights, extra, strict=True)]
        if sum(taller) <= room:
            return taller
    return heights


class TallList(LineList):
    """The base of lists whose items take one or more lines each.

    A subclass sets the heights in `choose_heights`, or before it refills the list.
    """

    def __init__(self) -> None:
        super().__init__()
        self._starts: Sequence[int] = (0,)

    def choose_heights(self) -> None:
        """Set heights that depend on the size of the list; called when the items or the size have changed."""

    def refill(self, cursor: int | None = None) -> None:
        self.choose_heights()
        super().refill(cursor)

    def on_resize(self) -> None:
        self.choose_heights()
        super().on_resize()

    def set_heights(self, heights: Iterable[int]) -> None:
        self._starts = list(accumulate(heights, initial=0))

    def fit_scrollbar(self) -> None:
        """Show a scrollbar only if it is needed: Textual decides on it before the lines are chosen, and may keep it."""
        if self.size.height:
            self.show_vertical_scrollbar = self.line_count() > self.size.height

    def line_count(self) -> int:
        return self._starts[-1]

    def item_at(self, line: int) -> int:
        return max(0, min(bisect_right(self._starts, line), self.item_count()) - 1)

    def lines_of(self, item: int) -> range:
        return range(self._starts[item], self._starts[item + 1]) if item + 1 < len(self._starts) else range(1)
