"""The rows of a text file: line numbers, colours, wrapped lines, highlighted matches."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from textual.message import Message
from textual.strip import Strip

from layerscope.analysis.text.search import Search
from layerscope.session.files.text import FileText, TextRow
from layerscope.tui.drawing.cells import StyledSpan, styled
from layerscope.tui.drawing.shown_line import ShownLine, Span, shown_line
from layerscope.tui.drawing.syntax import ToneSpan
from layerscope.tui.widgets.row_view import RowView

TONED_ROWS = 200
"""Rows that are coloured together."""

_MOST_LINES = 1024
_MOST_WINDOWS = 64
_LEAST_DIGITS = 3


class TextView(RowView):
    """The rows of a `FileText`, as far as they are known."""

    @dataclass
    class Missing(Message):
        """The bytes at an offset have to be loaded."""

        offset: int

        def can_replace(self, message: Message) -> bool:
            """Let only the last of several be handled."""
            return isinstance(message, TextView.Missing)

    @dataclass
    class TonesWanted(Message):
        """The colours of a window of rows have to be computed."""

        window: int

    def __init__(self) -> None:
        super().__init__()
        self._text: FileText | None = None
        self._lines: dict[int, tuple[TextRow, ShownLine]] = {}
        self._tones: dict[int, Sequence[Sequence[ToneSpan]]] = {}
        self._requested: set[int] = set()
        self._has_colours = False
        self._search: Search | None = None
        self._chosen: tuple[int, int] | None = None
        self._drawn_digits = 0
        self._follows_end = False
        self.wrap = False
        self.invisibles = False

    def show(self, text: FileText, *, colours: bool) -> None:
        """Show a text from its start; ``colours`` says that it has a lexer."""
        self._text = text
        self._has_colours = colours
        self._tones.clear()
        self._requested.clear()
        self._chosen = None
        self.top = self.line = self.left = 0
        self.redraw()

    def redraw(self) -> None:
        """Draw everything again."""
        self._lines.clear()
        super().redraw()

    def take_colours(self) -> None:
        """Request tones from now on."""
        self._has_colours = True
        self.redraw()

    def take_tones(self, window: int, tones: Sequence[Sequence[ToneSpan]] | None) -> None:
        """Colour a window of rows; if ``tones`` is None, request them again when it is next visible."""
        if len(self._tones) >= _MOST_WINDOWS:
            self._tones.clear()
            self._requested.clear()
        if tones is None:
            self._requested.discard(window)
        else:
            self._tones[window] = tones
            self._requested.add(window)
        self._strips.clear()
        self.refresh()

    def highlight(self, search: Search | None, chosen: tuple[int, int] | None = None) -> None:
        """Highlight the matches of a search, and most of all one, given by its row and its offset in the file."""
        self._search, self._chosen = search, chosen
        self._strips.clear()
        self.refresh()

    def reveal(self, row: int, offset: int) -> None:
        """Scroll to a match that starts at an offset of the file."""
        known = self._line(row)
        if known is None:
            return
        text_row, _ = known
        shown = self._shown(text_row, len(text_row.text))
        start, end = shown.span(*self._match_at(text_row, offset))
        if self.wrap:
            parts = shown.wrapped(self._room)
            line = next((number for number, part in enumerate(parts) if part[0] <= start < part[1]), 0)
            if (row, line) not in self._seen_lines():
                self.go_to(row, line)
                self.action_scroll_lines(-(self.size.height // 3))
            return
        self.show_row(row)
        self.show_cells(cell_len(shown.text[:start]), cell_len(shown.text[:end]), self._room)

    def _match_at(self, row: TextRow, offset: int) -> Span:
        codec = "utf-8" if self._text is None else self._text.index.encoding.codec
        spans = list(self._search.spans(row.text)) if self._search else []
        ahead = offset - row.offset
        return min(
            spans,
            key=lambda span: abs(len(row.text[: span[0]].encode(codec, "replace")) - ahead),
            default=(0, 0),
        )

    def toggle_wrap(self) -> None:
        """Wrap long lines, or scroll sideways."""
        self.wrap = not self.wrap
        self.left = self.line = 0
        self.redraw()

    def toggle_invisibles(self) -> None:
        """Show or hide spaces, tabs and line ends."""
        self.invisibles = not self.invisibles
        self.redraw()

    def grow(self) -> None:
        """Add rows that became known, and make room for their numbers."""
        if self._digits != self._drawn_digits:
            self._drawn_digits = self._digits
            self._strips.clear()
        follows_end = self._follows_end
        super().grow()
        if follows_end:
            self.action_last()

    def go_to(self, row: int, line: int = 0) -> None:
        """Make a line of a row the first visible one."""
        self._follows_end = False
        super().go_to(row, line)

    def action_last(self) -> None:
        """Go to the end, and stay there while more rows are counted."""
        super().action_last()
        self._follows_end = self._text is not None and not self._text.index.is_finished

    def row_count(self) -> int:
        return 0 if self._text is None else self._text.index.rows

    @property
    def has_tall_rows(self) -> bool:
        return self.wrap

    def height_of(self, row: int) -> int:
        known = self._line(row) if self.wrap else None
        return 1 if known is None else len(known[1].wrapped(self._room))

    @property
    def _digits(self) -> int:
        lines = self._text.index.lines if self._text else 0
        return max(_LEAST_DIGITS, len(str(lines)))

    @property
    def _room(self) -> int:
        """The cells of a line beside its number."""
        return max(1, self.line_width - self._digits - 2)

    def widest_seen(self) -> int:
        """Return the cells of the longest visible row; an upper bound for a very long one."""
        return max((self._cells(*known) for known in map(self._line, self.seen_rows()) if known), default=0)

    @property
    def has_long_rows(self) -> bool:
        """True if a visible row is longer than the screen: only such a one is wrapped."""
        return self.widest_seen() > self._room

    def _cells(self, row: TextRow, shown: ShownLine) -> int:
        return cell_len(shown.text) if len(row.text) <= self._most_characters else 2 * len(row.text)

    @property
    def _most_characters(self) -> int:
        """The characters of a row that fill its visible part even if half of them take no cell."""
        return sys.maxsize if self.wrap else 2 * (self.left + self._room)

    def _line(self, row: int) -> tuple[TextRow, ShownLine] | None:
        known = self._lines.get(row)
        if known is None and self._text is not None:
            text_row = self._text.row(row)
            if text_row is None:
                self.post_message(self.Missing(self._text.offset_near(row)))
                return None
            if len(self._lines) > _MOST_LINES:
                self._lines.clear()
            known = self._lines[row] = text_row, self._shown(text_row, self._most_characters)
        return known

    def _shown(self, row: TextRow, characters: int) -> ShownLine:
        end = row.end if self.invisibles else None
        return shown_line(row.text[:characters], self.glyphs, end=end, invisibles=self.invisibles)

    def draw(self, row: int, line: int, width: int) -> list[Segment] | None:  # noqa: ARG002  # the line number takes part of it
        """Return a line of a row; the first and the last cell say that it goes on there."""
        known = self._line(row)
        if known is None:
            return None
        text_row, shown = known
        number = str(text_row.line + 1) if line == 0 and not text_row.continued else ""
        base = self.rich_style
        gutter = Segment(f"{number:>{self._digits}}  ", base + self.style_of("number"))
        (start, end), empty = (shown.wrapped(self._room)[line], 0) if self.wrap else shown.part(self.left, self._room)
        moved = empty - start
        spans = [(first + moved, last + moved, style) for first, last, style in self._spans(row, text_row, shown)]
        segments = styled(" " * empty + shown.text[start:end], base, spans)
        if not self.wrap:
            is_longer = empty + cell_len(shown.text[start:]) > self._room
            segments = self.with_cut_signs(Strip(segments), self._room, base, before=start > 0, after=is_longer)
        return [gutter, *segments]

    def _spans(self, row: int, text_row: TextRow, shown: ShownLine) -> Iterator[StyledSpan]:
        for start, end, tone in self._tones_of(row):
            yield *shown.span(start, end), self.style_of(tone)
        for span in shown.stand_ins:
            yield *span, self.style_of("stand-in")
        if self._search is None:
            return
        chosen = None
        if self._chosen is not None and self._chosen[0] == row:
            chosen = self._match_at(text_row, self._chosen[1])
        for match in self._search.spans(text_row.text):
            yield *shown.span(*match), self.style_of("chosen" if match == chosen else "match")

    def _tones_of(self, row: int) -> Sequence[ToneSpan]:
        window, number = divmod(row, TONED_ROWS)
        tones = self._tones.get(window)
        if tones is None:
            if self._has_colours and window not in self._requested:
                self._requested.add(window)
                self.post_message(self.TonesWanted(window))
            return ()
        return tones[number] if number < len(tones) else ()
