"""Rows without a cursor, of one or more lines each: the base of the views of files and of their differences."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from layerscope.tui.keys.table import Key, bindings
from layerscope.tui.widgets.strip_view import StripView

_WHEEL = 3
"""Lines that one turn of the wheel scrolls."""

_SIDEWAYS = 8
"""Cells that a key scrolls sideways."""


class RowView(StripView):
    """Rows from a line of one row on (``top``, ``line``). Rows that are not on the screen need not be known.

    A subclass has `row_count` and `draw`, and, if a row may take several lines, `height_of` and `has_tall_rows`. The
    scrollbar counts rows. Strips are kept until `redraw`.
    """

    KEYS: ClassVar[tuple[Key, ...]] = (
        Key("up,k", "scroll_lines(-1)", "Up", id="rows.up"),
        Key("down,j", "scroll_lines(1)", "Down", id="rows.down"),
        Key("pageup,ctrl+b", "scroll_page(-1)", "Page up", id="rows.page-up"),
        Key("pagedown,ctrl+f,space", "scroll_page(1)", "Page down", id="rows.page-down"),
        Key("home", "first", "To the start", id="rows.first"),
        Key("end,G", "last", "To the end", id="rows.last"),
        Key("left,h", "sideways(-1)", "To the left", id="rows.left"),
        Key("right,l", "sideways(1)", "To the right", id="rows.right"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(KEYS)
    STYLES: ClassVar[dict[str, str]] = {
        "muted": "$foreground 55%",
        "number": "$foreground 45%",
        "current": "bold reverse $accent",
        "match": "underline on $warning 40%",
        "chosen": "bold underline $background on $warning",
        "stand-in": "$foreground 45%",
        "comment": "italic $foreground 60%",
        "keyword": "bold $primary",
        "string": "$success",
        "figure": "$warning",
        "name": "$accent",
        "added": "on $success 15%",
        "removed": "on $error 15%",
        "added-span": "underline on $success 40%",
        "removed-span": "underline on $error 40%",
        "added-mark": "bold $success",
        "removed-mark": "bold $error",
        "nothing": "on $foreground 5%",
        "fold": "$primary on $panel",
    }
    ANSI_STYLES: ClassVar[dict[str, str]] = {
        "match": "reverse on $warning",
        "chosen": "bold reverse underline on $warning",
        "added": "",
        "removed": "",
        "added-span": "underline ansi_black on ansi_green",
        "removed-span": "underline ansi_black on ansi_red",
    }
    DEFAULT_CSS = """
    RowView { height: 1fr; }
    """

    @dataclass
    class Scrolled(Message):
        """Other rows are on the screen than before."""

        view: "RowView"

        @property
        def control(self) -> "RowView":
            """The view, for handlers that select one."""
            return self.view

        def can_replace(self, message: Message) -> bool:
            """Let the last of several messages stand for all of them."""
            return isinstance(message, RowView.Scrolled) and message.view is self.view

    def __init__(self) -> None:
        super().__init__()
        self.top = 0
        self.line = 0
        self.left = 0
        self._seen: list[tuple[int, int]] | None = None

    @abstractmethod
    def row_count(self) -> int:
        """Return the number of rows."""

    @abstractmethod
    def draw(self, row: int, line: int, width: int) -> list[Segment] | None:
        """Return a line of a row, every segment with a style; None while it is not known."""

    def height_of(self, row: int) -> int:  # noqa: ARG002  # the same for all rows here
        return 1

    @property
    def has_tall_rows(self) -> bool:
        """True if rows may take more than one line."""
        return False

    def redraw(self) -> None:
        self._strips.clear()
        self.grow()

    def grow(self) -> None:
        """Show rows that were appended."""
        self._seen = None
        beyond = max(0, self.size.height - 1) if self.has_tall_rows else 0
        size = Size(self.line_width, self.row_count() + beyond)
        if self.virtual_size != size:
            self.virtual_size = size
        self.go_to(self.top, self.line)

    def go_to(self, row: int, line: int = 0) -> None:
        """Scroll until a line of a row is the first on the screen, or until the end."""
        self.top, self.line = max((0, 0), min((row, line), self._last_top()))
        self._seen = None
        self.scroll_to(y=self.top, animate=False, immediate=True, force=True)
        self.refresh()
        self.post_message(self.Scrolled(self))

    def show_row(self, row: int) -> None:
        """Scroll to a row, with some context above it, unless it is on the screen."""
        seen = self.seen_rows()
        if row not in seen[: max(1, len(seen) - 1)]:
            self.go_to(max(0, row - self.size.height // 3))

    def seen_rows(self) -> range:
        seen = self._seen_lines()
        return range(seen[0][0], seen[-1][0] + 1) if seen else range(0)

    def _seen_lines(self) -> list[tuple[int, int]]:
        if self._seen is None:
            self._seen = list(self._lines_from(self.top, self.line, self.size.height))
        return self._seen

    def _lines_from(self, row: int, line: int, count: int) -> Iterator[tuple[int, int]]:
        rows = self.row_count()
        while count > 0 and row < rows:
            for part in range(line, min(self.height_of(row), line + count)):
                yield row, part
                count -= 1
            row, line = row + 1, 0

    def _last_top(self) -> tuple[int, int]:
        """Return the first line of the last screenful."""
        left, row = self.size.height, self.row_count()
        if not self.has_tall_rows:
            return max(0, row - left), 0
        while row > 0:
            row -= 1
            height = self.height_of(row)
            if height >= left:
                return row, height - left
            left -= height
        return 0, 0

    def is_shorter_than(self, lines: int) -> bool:
        """Return whether all rows together take fewer lines."""
        return sum(1 for _ in self._lines_from(0, 0, lines)) < lines

    def render_line(self, y: int) -> Strip:
        seen, width = self._seen_lines(), self.line_width
        if y >= len(seen):
            return self.blank(width)
        position = seen[y]
        strip = self._strips.get(position)
        if strip is not None:
            return strip
        segments = self.draw(*position, width)
        if segments is None:
            return self.blank(width)
        return self.keep_strip(position, Strip(segments).adjust_cell_length(width, self.base_style))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follow the scrollbar."""
        super().watch_scroll_y(old_value, new_value)
        # Beyond 2**53 rows, a float is not exact: such a scroll bar is near enough, and must not move the rows.
        if float(new_value) != float(self.top):
            self.go_to(round(new_value))

    def on_resize(self) -> None:
        self.redraw()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll by lines: the base class scrolls by rows."""
        self._wheel(event, 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll by lines: the base class scrolls by rows."""
        self._wheel(event, -1)

    def _wheel(self, event: events.MouseEvent, step: int) -> None:
        event.stop()
        event.prevent_default()
        if event.shift or event.ctrl:
            self.action_sideways(step)
        else:
            self.action_scroll_lines(step * _WHEEL)

    def action_scroll_lines(self, step: int) -> None:
        row, line = self.top, self.line + step
        while line < 0 and row > 0:
            row -= 1
            line += self.height_of(row)
        while row < self.row_count() - 1 and line >= (height := self.height_of(row)):
            row, line = row + 1, line - height
        self.go_to(row, max(0, line))

    def action_scroll_page(self, step: int) -> None:
        self.action_scroll_lines(step * max(1, self.size.height - 1))

    def action_first(self) -> None:
        self.left = 0
        self._strips.clear()
        self.go_to(0)

    def action_last(self) -> None:
        self.go_to(*self._last_top())

    def action_sideways(self, step: int) -> None:
        """Scroll to the left or right."""
        self.scroll_sideways(self.left + step * _SIDEWAYS)

    def scroll_sideways(self, left: int) -> None:
        """Scroll until a column is the first on the screen."""
        left = max(0, min(left, self.widest_seen() - 1))
        if left != self.left:
            self.left = left
            self.redraw()

    def show_cells(self, start: int, end: int, room: int) -> None:
        """Scroll sideways until some cells of a line are on the screen, which has ``room`` for its text."""
        if start < self.left + bool(self.left) or end >= self.left + room:
            self.scroll_sideways(max(0, min(start - 1, end - room * 2 // 3)))

    def with_cut_signs(self, strip: Strip, width: int, style: Style, *, before: bool, after: bool) -> list[Segment]:
        """Return a part of a text in exactly ``width`` cells, with signs for what is cut ``before`` or ``after`` it."""
        muted, end = style + self.style_of("muted"), width - after
        part = strip.crop(int(before), end).adjust_cell_length(end - before, style)
        signs = ([Segment(self.glyphs.before, muted)] * before, [Segment(self.glyphs.after, muted)] * after)
        return [*signs[0], *part, *signs[1]]

    def widest_seen(self) -> int:
        """Return the width of the longest row on the screen."""
        return 0
