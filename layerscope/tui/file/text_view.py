"""A text file: line numbers, colours, wrapped or not, with what was searched for."""

import sys
from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.segment import Segment
from textual.message import Message

from layerscope.analysis.text.search import Search
from layerscope.session.files.text import FileText, TextRow
from layerscope.tui.drawing.glyphs import Glyphs
from layerscope.tui.drawing.shown_line import ShownLine, Span, shown_line
from layerscope.tui.drawing.styled import StyledSpan, styled
from layerscope.tui.drawing.syntax import ToneSpan
from layerscope.tui.widgets.row_view import RowView

TONED_ROWS = 200
"""Rows that are coloured at once."""

_MOST_LINES = 1024
_MOST_WINDOWS = 64
_LEAST_DIGITS = 3


class TextView(RowView):
    """The rows of a `FileText`, as far as they are known."""

    class Missing(Message):
        """Bytes from an offset on are to be loaded."""

        def __init__(self, offset: int) -> None:
            super().__init__()
            self.offset = offset

        def can_replace(self, message: Message) -> bool:
            """Let only the last of several be handled."""
            return isinstance(message, TextView.Missing)

    class TonesWanted(Message):
        """The colours of a window of rows are to be found."""

        def __init__(self, window: int) -> None:
            super().__init__()
            self.window = window

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own word
        super().__init__(id=id)
        self._glyphs = glyphs
        self._text: FileText | None = None
        self._lines: dict[int, tuple[TextRow, ShownLine]] = {}
        self._tones: dict[int, Sequence[Sequence[ToneSpan]]] = {}
        self._asked: set[int] = set()
        self._has_colours = False
        self._search: Search | None = None
        self._chosen: tuple[int, int] | None = None
        self._drawn_digits = 0
        self._follows_end = False
        self.wrap = False
        self.invisibles = False

    def show(self, text: FileText, *, colours: bool) -> None:
        """Show a text from its start; ``colours`` tells that tones may be asked for."""
        self._text = text
        self._has_colours = colours
        self._tones.clear()
        self._asked.clear()
        self._chosen = None
        self.top = self.line = self.left = 0
        self.redraw()

    def redraw(self) -> None:
        """Draw everything anew."""
        self._lines.clear()
        super().redraw()

    def take_colours(self) -> None:
        """Ask for tones from now on."""
        self._has_colours = True
        self.redraw()

    def take_tones(self, window: int, tones: Sequence[Sequence[ToneSpan]] | None) -> None:
        """Colour a window of rows; without tones, ask for them again when it is next seen."""
        if len(self._tones) >= _MOST_WINDOWS:
            self._tones.clear()
            self._asked.clear()
        if tones is None:
            self._asked.discard(window)
        else:
            self._tones[window] = tones
            self._asked.add(window)
        self._strips.clear()
        self.refresh()

    def highlight(self, search: Search | None, chosen: tuple[int, int] | None = None) -> None:
        """Mark what is searched for, and one match, by its row and its offset in the file, above all."""
        self._search, self._chosen = search, chosen
        self._strips.clear()
        self.refresh()

    def reveal(self, row: int, offset: int) -> None:
        """Scroll to a match that starts at an offset of the file."""
        found = self._line(row)
        if found is None:
            return
        text_row, _ = found
        shown = self._shown(text_row, len(text_row.text))
        start, end = shown.span(*self._match_at(text_row, offset))
        if self.wrap:
            parts = shown.wrapped(self._room)
            line = next((place for place, part in enumerate(parts) if part[0] <= start < part[1]), 0)
            if (row, line) not in self._seen_lines():
                self.go_to(row, line)
                self.action_scroll_lines(-(self.size.height // 3))
            return
        self.show_row(row)
        first, last = cell_len(shown.text[:start]), cell_len(shown.text[:end])
        if first < self.left or last > self.left + self._room:
            self.scroll_sideways(max(0, last - self._room * 2 // 3))

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
        """Wrap long lines, or let them run out of the screen."""
        self.wrap = not self.wrap
        self.left = self.line = 0
        self.redraw()

    def toggle_invisibles(self) -> None:
        """Show spaces, tabs and the ends of lines, or hide them."""
        self.invisibles = not self.invisibles
        self.redraw()

    def grow(self) -> None:
        """Take in rows that have come since, and make room for their numbers."""
        if self._digits != self._drawn_digits:
            self._drawn_digits = self._digits
            self._strips.clear()
        follows_end = self._follows_end
        super().grow()
        if follows_end:
            self.action_last()

    def go_to(self, row: int, line: int = 0) -> None:
        """Let a line of a row be the first that is seen."""
        self._follows_end = False
        super().go_to(row, line)

    def action_last(self) -> None:
        """Go to the end, and stay there while more rows come."""
        super().action_last()
        self._follows_end = self._text is not None and not self._text.index.is_finished

    def row_count(self) -> int:
        """Return how many rows are known."""
        return 0 if self._text is None else self._text.index.rows

    @property
    def has_tall_rows(self) -> bool:
        """Whether rows may take more than a line."""
        return self.wrap

    def height_of(self, row: int) -> int:
        """Return how many lines a row takes."""
        found = self._line(row) if self.wrap else None
        return 1 if found is None else len(found[1].wrapped(self._room))

    @property
    def _digits(self) -> int:
        lines = self._text.index.lines if self._text else 0
        return max(_LEAST_DIGITS, len(str(lines)))

    @property
    def _room(self) -> int:
        """The cells of a line of text."""
        return max(1, self.line_width - self._digits - 2)

    def widest_seen(self) -> int:
        """Return how many cells the longest row that is seen takes; of a very long one, no more than it may take."""
        return max((self._cells(*found) for found in map(self._line, self.seen_rows()) if found), default=0)

    def _cells(self, row: TextRow, shown: ShownLine) -> int:
        return cell_len(shown.text) if len(row.text) <= self._most_characters else 2 * len(row.text)

    @property
    def _most_characters(self) -> int:
        """So many characters of a row fill what is seen of it, even if half of them take no cell."""
        return sys.maxsize if self.wrap else 2 * (self.left + self._room)

    def _line(self, row: int) -> tuple[TextRow, ShownLine] | None:
        found = self._lines.get(row)
        if found is None and self._text is not None:
            text_row = self._text.row(row)
            if text_row is None:
                self.post_message(self.Missing(self._text.offset_near(row)))
                return None
            if len(self._lines) > _MOST_LINES:
                self._lines.clear()
            found = self._lines[row] = text_row, self._shown(text_row, self._most_characters)
        return found

    def _shown(self, row: TextRow, characters: int) -> ShownLine:
        end = row.end if self.invisibles else None
        return shown_line(row.text[:characters], self._glyphs, end=end, invisibles=self.invisibles)

    def draw(self, row: int, line: int, width: int) -> list[Segment] | None:  # noqa: ARG002  # the room is what counts
        """Return a line of a row."""
        found = self._line(row)
        if found is None:
            return None
        text_row, shown = found
        number = str(text_row.line + 1) if line == 0 and not text_row.continued else ""
        base = self.rich_style
        gutter = Segment(f"{number:>{self._digits}}  ", base + self.style_of("number"))
        (start, end), empty = (shown.wrapped(self._room)[line], 0) if self.wrap else shown.part(self.left, self._room)
        moved = empty - start
        spans = [(first + moved, last + moved, style) for first, last, style in self._spans(row, text_row, shown)]
        segments = styled(" " * empty + shown.text[start:end], base, spans)
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
        window, place = divmod(row, TONED_ROWS)
        tones = self._tones.get(window)
        if tones is None:
            if self._has_colours and window not in self._asked:
                self._asked.add(window)
                self.post_message(self.TonesWanted(window))
            return ()
        return tones[place] if place < len(tones) else ()
