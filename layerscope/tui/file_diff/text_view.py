"""The rows of a text comparison: side by side, or in one column."""

from collections.abc import Iterator, Sequence
from itertools import islice

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.strip import Strip

from layerscope.analysis.text.diff import DiffRow, TextDiff
from layerscope.analysis.text.search import Search
from layerscope.text import plural
from layerscope.tui.drawing.cells import StyledSpan, styled
from layerscope.tui.drawing.shown_line import ShownLine, Span, shown_line
from layerscope.tui.drawing.syntax import ToneSpan
from layerscope.tui.file_diff.layout import MARKS, NEW, OLD, Fold, ShownDiff, line_number
from layerscope.tui.widgets.row_view import RowView

Tones = Sequence[Sequence[ToneSpan]]

_LEAST_DIGITS = 3
_MOST_LINES = 4096
_MOST_MEASURED = 500
"""The changed rows whose length decides whether both revisions fit side by side."""
_STYLES = {OLD: "removed", NEW: "added"}
_MARK_WIDTH = 3


class TextDiffView(RowView):
    """The rows of a diff, with unchanged stretches folded unless they are opened."""

    def __init__(self) -> None:
        super().__init__()
        self._shown = ShownDiff(TextDiff((), (), ()))
        self._tones: tuple[Tones, Tones] = ((), ())
        self._lines: dict[tuple[int, int, bool], ShownLine] = {}
        self._digits = _LEAST_DIGITS
        self._longest_change = 0
        self.in_one_column = True
        self._folds: bool | None = None
        self.invisibles = False

    def show(self, diff: TextDiff) -> None:
        self._shown = ShownDiff(diff)
        self._digits = max(_LEAST_DIGITS, len(str(max(len(diff.old), len(diff.new)))))
        self._tones = ((), ())
        changed = islice((row for row in diff.rows if row.changed), _MOST_MEASURED)
        self._longest_change = max(map(self._width_of, changed), default=0)
        self._lay_out(0)

    @property
    def _is_folded(self) -> bool:
        """True if unchanged stretches are folded: unless the user chose, if not everything fits the screen."""
        return len(self._shown.diff.rows) > self.size.height if self._folds is None else self._folds

    def on_resize(self) -> None:
        """Fold what does not fit the new size, and show what differs unless the user has scrolled sideways."""
        self._lay_out(self._near())
        super().on_resize()
        if not self.left:
            self._show_difference()

    def take_tones(self, old: Tones, new: Tones) -> None:
        """Colour the lines of both revisions."""
        self._tones = (old, new)
        self.redraw()

    def redraw(self) -> None:
        """Draw everything again."""
        self._lines.clear()
        super().redraw()

    def _lay_out(self, near: int) -> None:
        """Lay out the rows again, and scroll to an index of the diff."""
        self._shown.lay_out(in_one_column=self.in_one_column, folded=self._is_folded)
        self.redraw()
        self.go_to(self._shown.item_from(near))

    def _near(self) -> int:
        """Return the index in the diff of the first visible item."""
        return self._shown.index_of(self.top)

    def set_columns(self, *, in_one_column: bool) -> None:
        """Show both revisions in one column, or side by side."""
        if in_one_column != self.in_one_column:
            near = self._near()
            self.in_one_column = in_one_column
            self._lay_out(near)
            self._show_difference()

    def is_cut_side_by_side(self, width: int) -> bool:
        """Return whether a changed line is longer than a half of the width, but not than one column."""
        halved, whole = (self._room(width, in_one_column=is_one) for is_one in (False, True))
        return halved < self._longest_change <= whole

    def _room(self, width: int, *, in_one_column: bool) -> int:
        """Return the cells of a text beside its numbers and its mark; side by side, those in the left half."""
        halved = (width - 1) // 2 - self._digits - _MARK_WIDTH
        return width - 2 * self._digits - 1 - _MARK_WIDTH if in_one_column else halved

    def toggle_folds(self) -> bool:
        """Fold all unchanged stretches, or open them; return False if every line is near a change."""
        near, before = self._near(), self.row_count()
        self._folds = not self._shown.has_folds
        self._shown.close_folds()
        self._lay_out(near)
        return self.row_count() != before

    def toggle_invisibles(self) -> None:
        """Show or hide spaces, tabs and line ends."""
        self.invisibles = not self.invisibles
        self.redraw()

    @property
    def changes(self) -> tuple[int, int]:
        """The number of the current change, from 1, and the number of changes."""
        return self._shown.change_count

    def go_to_change(self, step: int) -> bool:
        """Go to another change, or to what differs in this one if there is none; return False if that is visible."""
        current, left = self._shown.change, self.left
        at = self.top if current is None or current not in self.seen_rows() else current
        change = self._shown.to_change(step, at)
        if change is not None:
            self._strips.clear()
            self.show_row(change)
            self.refresh()
            self.post_message(self.Scrolled(self))
        self._show_difference()
        return change is not None or self.left != left

    def _show_difference(self) -> None:
        """Scroll sideways to the first difference in the current change, or to its start if all of it differs."""
        change = self._shown.change
        if change is None or change not in self.seen_rows():
            return
        item = self._shown.items[change]
        assert not isinstance(item, Fold)  # noqa: S101  # it has changed
        spans = self._shown.diff.spans(item.row)
        side = OLD if spans[OLD] else NEW
        self._show_span(item.row, side, next(iter(spans[side]), (0, 0)))

    def _show_span(self, row: DiffRow, side: int, span: Span) -> None:
        """Scroll sideways to a span of a line; if the line is missing, to its start."""
        number, cells = line_number(row, side), (0, 0)
        if number is not None:
            shown = self._shown_line(row, side, number)
            start, end = shown.span(*span)
            cells = cell_len(shown.text[:start]), cell_len(shown.text[:end])
        self.show_cells(*cells, self._room(self.line_width, in_one_column=self.in_one_column))

    def search(self, search: Search | None) -> None:
        """Highlight the matches of a search, unfolded; None ends it. Raises UsageError if the search takes too long."""
        self._unfold(self._shown.find(search))
        self.redraw()

    def _unfold(self, hits: Sequence[int]) -> None:
        if self._shown.open_folds_with(hits):
            self._lay_out(self._near())

    @property
    def hits(self) -> tuple[int, int]:
        """The number of the current row with a match, from 1 (0: none yet), and the number of such rows."""
        return self._shown.hit_count

    def go_to_hit(self, step: int) -> None:
        """Go to the next row with a match, or to the previous one, and wrap around."""
        hit = self._shown.to_hit(step, self._near())
        if hit is None:
            return
        self._unfold([hit])
        self._strips.clear()
        match = self._shown.first_match(hit)
        self.show_row(self._shown.item_from(hit) if match is None else match.item)
        if match is not None:
            self._show_span(self._shown.diff.rows[hit], match.side, match.span)
        self.refresh()
        self.post_message(self.Scrolled(self))

    def row_count(self) -> int:
        return len(self._shown.items)

    def on_click(self, event: events.Click) -> None:
        seen = self._seen_lines()
        item = self._shown.items[seen[event.y][0]] if 0 <= event.y < len(seen) else None
        if isinstance(item, Fold):
            self._shown.open_fold(item)
            self._lay_out(self._near())

    def draw(self, row: int, line: int, width: int) -> list[Segment] | None:  # noqa: ARG002  # a row has one line
        item = self._shown.items[row]
        if isinstance(item, Fold):
            text = f"{' ' * self._digits} {self.glyphs.ellipsis} {plural(item.rows, 'unchanged line')}"
            return [Segment(text.ljust(width), self.rich_style + self.style_of("fold"))]
        is_chosen = row == self._shown.change
        if self.in_one_column:
            return self._in_one_column(item.mark, item.row, width, is_chosen=is_chosen)
        half = (width - 1) // 2
        bar = Segment("│" if self.glyphs.has_unicode else "|", self.rich_style + self.style_of("muted"))
        old = self._half(item.row, OLD, half, is_chosen=is_chosen)
        return [*old, bar, *self._half(item.row, NEW, width - half - 1, is_chosen=is_chosen)]

    def _in_one_column(self, mark: str, row: DiffRow, width: int, *, is_chosen: bool) -> list[Segment]:
        side = OLD if mark == "-" else NEW
        numbers = (row.old if mark != "+" else None, row.new if mark != "-" else None)
        gutter = " ".join(self._number(number) for number in numbers)
        return [
            *self._gutter(gutter, mark, row, side, is_chosen=is_chosen),
            *self._text(row, side, width - len(gutter) - 3),
        ]

    def _half(self, row: DiffRow, side: int, width: int, *, is_chosen: bool) -> list[Segment]:
        number = line_number(row, side)
        if number is None:
            return [Segment(" " * width, self.rich_style + self.style_of("nothing"))]
        gutter = self._number(number)
        mark = MARKS[side] if row.changed else " "
        return [
            *self._gutter(gutter, mark, row, side, is_chosen=is_chosen),
            *self._text(row, side, width - len(gutter) - 3),
        ]

    def _number(self, number: int | None) -> str:
        return f"{'' if number is None else number + 1:>{self._digits}}"

    def _gutter(self, text: str, mark: str, row: DiffRow, side: int, *, is_chosen: bool) -> Iterator[Segment]:
        """Yield the numbers and the mark of a line, highlighted for the current change."""
        base = self.rich_style
        yield Segment(f"{text} ", base + self.style_of("current" if is_chosen else "number"))
        yield Segment(f"{mark} ", base + self.style_of(f"{_STYLES[side]}-mark") if row.changed else base)

    def _text(self, row: DiffRow, side: int, width: int) -> list[Segment]:
        """Return the text of a line in exactly ``width`` cells; the first and the last one say where it goes on."""
        number = line_number(row, side)
        assert number is not None  # noqa: S101  # the row has a line on this side
        shown = self._shown_line(row, side, number)
        base = self.rich_style + self.style_of(_STYLES[side]) if row.changed else self.rich_style
        segments = styled(shown.text, base, self._spans(shown, row, side, number))
        strip, left = Strip(segments), self.left
        ends = {"before": bool(left and shown.text), "after": strip.cell_length > left + width}
        return self.with_cut_signs(strip.crop(left), width, base, **ends)

    def _shown_line(self, row: DiffRow, side: int, number: int) -> ShownLine:
        line = self._shown.line(side, number)
        shows_end = self.invisibles or (row.changed and self._ends_differ(row))
        key = (side, number, shows_end)
        shown = self._lines.get(key)
        if shown is None:
            if len(self._lines) > _MOST_LINES:
                self._lines.clear()
            end = line.end if shows_end else None
            shown = self._lines[key] = shown_line(line.text, self.glyphs, end=end, invisibles=self.invisibles)
        return shown

    def _ends_differ(self, row: DiffRow) -> bool:
        if row.old is None or row.new is None:
            return False
        return self._shown.line(OLD, row.old).end is not self._shown.line(NEW, row.new).end

    def _spans(self, shown: ShownLine, row: DiffRow, side: int, number: int) -> Iterator[StyledSpan]:
        tones = self._tones[side]
        for start, end, tone in tones[number] if number < len(tones) else ():
            yield *shown.span(start, end), self.style_of(tone)
        for span in shown.stand_ins:
            yield *span, self.style_of("stand-in")
        for start, end in self._shown.diff.spans(row)[side]:
            yield *shown.span(start, end), self.style_of(f"{_STYLES[side]}-span")
        if (search := self._shown.search) is not None:
            style = self.style_of("chosen" if self._shown.is_current_hit(row) else "match")
            for match in search.spans(self._shown.line(side, number).text):
                yield *shown.span(*match), style

    def widest_seen(self) -> int:
        items = (self._shown.items[index] for index in self.seen_rows())
        return max((self._width_of(item.row) for item in items if not isinstance(item, Fold)), default=0)

    def _width_of(self, row: DiffRow) -> int:
        sides = ((OLD, row.old), (NEW, row.new))
        return max(cell_len(self._shown_line(row, side, at).text) for side, at in sides if at is not None)
