"""The list of the start screen: rows under the headings of their sections."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from textual import events
from textual.message import Message

from layerscope.text import human_size, printable_line, printable_name
from layerscope.tui.drawing.cells import cut_middle, padded
from layerscope.tui.images.start_state import Section, StartRow
from layerscope.tui.widgets.tall_list import TallList

_WIDE = 100
"""The width from which on times are shown to the minute, and shared sizes and ids have room."""

_SIZE_WIDTH, _KIND_WIDTH, _ID_WIDTH = 8, 10, 12
_GAP = "  "


class StartList(TallList):
    """Headings and rows; the cursor stands on rows only. Where there is room, a line above each heading is blank."""

    DEFAULT_CSS = """
    StartList { height: 1fr; }
    """

    @dataclass
    class Chosen(Message):
        """A row was clicked twice."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: Sequence[Section | StartRow] = ()
        self._wanted: StartRow | None = None
        """The row that the user went to; None for the first one, whichever that is."""

    @property
    def row(self) -> StartRow | None:
        """The row under the cursor."""
        line = self._lines[self.cursor] if self.cursor < len(self._lines) else None
        return line if isinstance(line, StartRow) else None

    def show(self, lines: Sequence[Section | StartRow]) -> None:
        """Show these lines, the cursor on the row that the user went to, if it is there."""
        self._lines = lines
        self.refill(next((item for item, line in enumerate(lines) if _is_same(line, self._wanted)), 1))

    def choose_heights(self) -> None:
        """Leave a line blank above each heading if there is room."""
        heights = [1 + bool(item and isinstance(line, Section)) for item, line in enumerate(self._lines)]
        self.set_heights(heights if sum(heights) <= self.size.height else [1] * len(heights))

    def item_count(self) -> int:
        """Return the number of headings and rows."""
        return len(self._lines)

    def move_to(self, item: int) -> None:
        """Put the cursor on a row: past a heading in the direction of the move, but on the first row at the top."""
        item = max(0, min(item, len(self._lines) - 1))
        if self._lines and isinstance(self._lines[item], Section):
            item += 1 if item >= self.cursor or not item else -1
        super().move_to(item)
        self._wanted = self.row if self.cursor > 1 else None
        if self.cursor == 1:
            self.scroll_to(y=0, animate=False, immediate=True, force=True)

    def go_to_section(self, step: int) -> None:
        """Put the cursor on the first row of the next or the previous section, around the ends."""
        firsts = [item + 1 for item, line in enumerate(self._lines) if isinstance(line, Section)]
        if firsts:
            here = sum(first <= self.cursor for first in firsts) - 1
            self.move_to(firsts[(here + step) % len(firsts)])

    def clicked(self, item: int, event: events.Click) -> None:
        """Choose a row by a second click."""
        if event.chain > 1 and isinstance(self._lines[item], StartRow):
            self.post_message(self.Chosen())

    def draw(self, item: int, line: int, width: int) -> list[Segment]:
        """Return a heading with the titles of its columns, or a row; of two lines, the first is blank."""
        if line + 1 < len(self.lines_of(item)):
            return []
        shown = self._lines[item]
        muted = self.style_of("muted")
        if isinstance(shown, Section):
            columns = self._columns(shown, shown.sizes, (shown.when, "", "id" if shown.has_ids else ""), width)
            name = padded(shown.title, width - len(columns), self.glyphs)
            return [Segment(name, self.style_of("folder")), Segment(columns, muted)]
        sizes = [
            human_size(size) if title else "" for size, title in zip(shown.sizes, shown.section.sizes, strict=True)
        ]
        sizes = ["" if shown.section is Section.FOLDER and size == "?" else size for size in sizes]
        when = shown.when("%Y-%m-%d %H:%M" if width >= _WIDE else "%Y-%m-%d")
        facts = (printable_line(when), shown.kind, printable_name(shown.short_id))
        columns = self._columns(shown.section, sizes, facts, width)
        room = max(0, width - len(columns) - len(_GAP))
        name = cut_middle(printable_name(shown.name), room, self.glyphs)
        return [Segment(_GAP + padded(name, room, self.glyphs)), Segment(columns, muted)]

    def _columns(self, section: Section, sizes: Sequence[str], facts: tuple[str, str, str], width: int) -> str:
        """Return the columns after the name: sizes, then time, kind and id."""
        is_wide, (when, kind, short_id) = width >= _WIDE, facts
        time = padded(when, 16 if is_wide else 10, self.glyphs)
        if section.has_only_times:
            return _GAP + time
        whole, shared, unique = (f"{size:>{_SIZE_WIDTH}}" for size in sizes)
        cells = [whole, *([shared] if is_wide else []), unique, time]
        cells.append(padded(kind, _KIND_WIDTH, self.glyphs))
        if is_wide:
            cells.append(padded(short_id, _ID_WIDTH, self.glyphs))
        return _GAP + _GAP.join(cells)


def _is_same(line: Section | StartRow, row: StartRow | None) -> bool:
    return isinstance(line, StartRow) and row is not None and line.reference == row.reference
