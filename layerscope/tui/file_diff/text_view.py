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
from layerscope.tui.drawing.shown_line import ShownLine, Span, shown_line
from layerscope.tui.drawing.styled import StyledSpan, styled
from layerscope.tui.drawing.syntax import ToneSpan
from layerscope.tui.file_diff.layout import DiffItem, Fold, change_starts, layout
from layerscope.tui.file_diff.search import matching_rows
from layerscope.tui.widgets.row_view import RowView

Tones = Sequence[Sequence[ToneSpan]]

_LEAST_DIGITS = 3
_MOST_LINES = 4096
_MOST_MEASURED = 500
"""The changed rows whose length decides whether both versions fit side by side."""
_OLD, _NEW = 0, 1
_STYLES = {_OLD: "removed", _NEW: "added"}
_MARK_WIDTH = 3
_MARKS = {_OLD: "-", _NEW: "+"}


class TextDiffView(RowView):
    """The rows of a diff, with unchanged stretches folded unless they are opened."""

    def __init__(self) -> None:
        super().__init__()
        self._diff: TextDiff | None = None
        self._items: Sequence[DiffItem] = ()
        self._starts: Sequence[int] = ()
        """The index in the diff at which each item starts."""
        self._changes: Sequence[int] = ()
        self._change = 0
        self._opened: set[int] = set()
        self._search: Search | None = None
        self._hits: Sequence[int] = ()
        self._hit: int | None = None
        self._tones: tuple[Tones, Tones] = ((), ())
        self._lines: dict[tuple[int, int, bool], ShownLine] = {}
        self._digits = _LEAST_DIGITS
        self._longest_change = 0
        self.in_one_column = True
        self._folds: bool | None = None
        self.invisibles = False

    def show(self, diff: TextDiff) -> None:
        """Show a diff from its start."""
        self._diff = diff
        self._digits = max(_LEAST_DIGITS, len(str(max(len(diff.old), len(diff.new)))))
        self._tones = ((), ())
        changed = islice((row for row in diff.rows if row.changed), _MOST_MEASURED)
        self._longest_change = max(map(self._width_of, changed), default=0)
        self._lay_out(0)

    @property
    def _is_folded(self) -> bool:
        """True if unchanged stretches are folded: unless the user chose, if not everything fits the screen."""
        if self._folds is not None or self._diff is None:
            return self._folds is not False
        return len(self._diff.rows) > self.size.height

    def on_resize(self) -> None:
        """Fold what does not fit the new size, and show what differs unless the user has scrolled sideways."""
        self._lay_out(self._near())
        super().on_resize()
        if not self.left:
            self._show_difference()

    def take_tones(self, old: Tones, new: Tones) -> None:
        """Colour the lines of both versions."""
        self._tones = (old, new)
        self.redraw()

    def redraw(self) -> None:
        """Draw everything again."""
        self._lines.clear()
        super().redraw()

    def _lay_out(self, near: int) -> None:
        """Lay out the rows again, and scroll to an index of the diff."""
        if self._diff is None:
            return
        self._items = layout(
            self._diff, in_one_column=self.in_one_column, folded=self._is_folded, opened=frozenset(self._opened)
        )
        self._changes = change_starts(self._items)
        indexes = {id(row): index for index, row in enumerate(self._diff.rows)}
        self._starts = [item.start if isinstance(item, Fold) else indexes[id(item.row)] for item in self._items]
        self.redraw()
        self.go_to(self._item_from(near))

    def _item_from(self, index: int) -> int:
        """Return the first item that starts at an index of the diff or after it."""
        return next((item for item, start in enumerate(self._starts) if start >= index), 0)

    def _near(self) -> int:
        """Return the index in the diff of the first visible item."""
        return self._starts[min(self.top, len(self._starts) - 1)] if self._starts else 0

    def set_columns(self, *, in_one_column: bool) -> None:
        """Show both versions in one column, or side by side."""
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
        near, before = self._near(), len(self._items)
        # A search or a click may have opened all folds.
        self._folds = not any(isinstance(item, Fold) for item in self._items)
        self._opened.clear()
        self._lay_out(near)
        return len(self._items) != before

    def toggle_invisibles(self) -> None:
        """Show or hide spaces, tabs and line ends."""
        self.invisibles = not self.invisibles
        self.redraw()

    @property
    def changes(self) -> tuple[int, int]:
        """The number of the current change, from 1, and the number of changes."""
        return min(self._change + 1, len(self._changes)), len(self._changes)

    def go_to_change(self, step: int) -> bool:
        """Go to the next change, or to the previous one; return False if there is none."""
        at = self._chosen_row
        if at is None:
            return False
        if at not in self.seen_rows():
            at = self.top
        numbers = range(len(self._changes)) if step > 0 else reversed(range(len(self._changes)))
        change = next((number for number in numbers if (self._changes[number] - at) * step > 0), None)
        if change is None:
            self._show_difference()
            return False
        self._change = change
        self._strips.clear()
        self.show_row(self._changes[change])
        self._show_difference()
        self.refresh()
        self.post_message(self.Scrolled(self))
        return True

    @property
    def _chosen_row(self) -> int | None:
        """The row at which the current change starts."""
        return self._changes[min(self._change, len(self._changes) - 1)] if self._changes else None

    def _show_difference(self) -> None:
        """Scroll sideways to the first difference in the current change, or to its start if all of it differs."""
        row = self._chosen_row
        if self._diff is None or row is None or row not in self.seen_rows():
            return
        item = self._items[row]
        assert not isinstance(item, Fold)  # noqa: S101  # it has changed
        spans = self._diff.spans(item.row)
        side = _OLD if spans[_OLD] else _NEW
        self.show_cells(*self._cells(item.row, side, next(iter(spans[side]), (0, 0))), self._text_width)

    def _cells(self, row: DiffRow, side: int, span: Span) -> Span:
        """Return the cells where a span of a line starts and ends; of a line that is missing, those of its start."""
        number = row.new if side else row.old
        if number is None:
            return 0, 0
        shown = self._shown(row, side, number)
        start, end = shown.span(*span)
        return cell_len(shown.text[:start]), cell_len(shown.text[:end])

    @property
    def _text_width(self) -> int:
        return self._room(self.line_width, in_one_column=self.in_one_column)

    def search(self, search: Search | None) -> None:
        """Highlight the matches of a search, unfolded; None ends it. Raises UsageError if the search takes too long."""
        self._hits = matching_rows(self._diff, search) if self._diff is not None and search is not None else ()
        self._search, self._hit = search, None
        self._open_folds_with(self._hits)
        self.redraw()

    def _open_folds_with(self, hits: Sequence[int]) -> None:
        """Open the folds that hide a match."""
        folds = [item for item in self._items if isinstance(item, Fold)]
        hiding = {fold.start for fold in folds if any(fold.start <= hit < fold.end for hit in hits)}
        if hiding:
            self._opened |= hiding
            self._lay_out(self._near())

    @property
    def hits(self) -> tuple[int, int]:
        """The number of the current row with a match, from 1 (0: none yet), and the number of such rows."""
        return (0 if self._hit is None else self._hit + 1), len(self._hits)

    def go_to_hit(self, step: int) -> None:
        """Go to the next row with a match, or to the previous one, and wrap around."""
        if not self._hits:
            return
        if self._hit is None:
            near = self._near()
            following = next((number for number, hit in enumerate(self._hits) if hit >= near), 0)
            self._hit = following if step > 0 else (following - 1) % len(self._hits)
        else:
            self._hit = (self._hit + step) % len(self._hits)
        hit = self._hits[self._hit]
        self._open_folds_with((hit,))
        self._strips.clear()
        item, cells = self._first_match(hit)
        self.show_row(item)
        self.show_cells(*cells, self._text_width)
        self.refresh()
        self.post_message(self.Scrolled(self))

    def _first_match(self, hit: int) -> tuple[int, Span]:
        """Return the item with the first match in a row of the diff, and the cells where the match starts and ends."""
        assert self._diff is not None  # noqa: S101  # without a diff there is no match
        assert self._search is not None  # noqa: S101  # nor without a search
        row = self._diff.rows[hit]
        for number, item in enumerate(self._items):
            if isinstance(item, Fold) or item.row is not row:
                continue
            for side, line in ((_OLD, row.old), (_NEW, row.new)):
                if line is None or (self.in_one_column and item.mark == _MARKS[1 - side]):
                    continue
                text = (self._diff.new if side else self._diff.old)[line].text
                for match in self._search.spans(text):
                    return number, self._cells(row, side, match)
        return self._item_from(hit), (0, 0)

    def row_count(self) -> int:
        """Return the number of rows."""
        return len(self._items)

    def on_click(self, event: events.Click) -> None:
        """Open the fold that is clicked on."""
        seen = self._seen_lines()
        item = self._items[seen[event.y][0]] if 0 <= event.y < len(seen) else None
        if isinstance(item, Fold):
            self._opened.add(item.start)
            self._lay_out(self._near())

    def draw(self, row: int, line: int, width: int) -> list[Segment] | None:  # noqa: ARG002  # a row has one line
        """Return the line of a row."""
        item = self._items[row]
        if isinstance(item, Fold):
            text = f"{' ' * self._digits} {self.glyphs.ellipsis} {plural(item.rows, 'unchanged line')}"
            return [Segment(text.ljust(width), self.rich_style + self.style_of("fold"))]
        is_chosen = row == self._chosen_row
        if self.in_one_column:
            return self._in_one_column(item.mark, item.row, width, is_chosen=is_chosen)
        half = (width - 1) // 2
        bar = Segment("│" if self.glyphs.has_unicode else "|", self.rich_style + self.style_of("muted"))
        old = self._half(item.row, _OLD, half, is_chosen=is_chosen)
        return [*old, bar, *self._half(item.row, _NEW, width - half - 1, is_chosen=is_chosen)]

    def _in_one_column(self, mark: str, row: DiffRow, width: int, *, is_chosen: bool) -> list[Segment]:
        side = _OLD if mark == "-" else _NEW
        numbers = (row.old if mark != "+" else None, row.new if mark != "-" else None)
        gutter = " ".join(self._number(number) for number in numbers)
        return [
            *self._gutter(gutter, mark, row, side, is_chosen=is_chosen),
            *self._text(row, side, width - len(gutter) - 3),
        ]

    def _half(self, row: DiffRow, side: int, width: int, *, is_chosen: bool) -> list[Segment]:
        number = row.new if side else row.old
        if number is None:
            return [Segment(" " * width, self.rich_style + self.style_of("nothing"))]
        gutter = self._number(number)
        mark = _MARKS[side] if row.changed else " "
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
        number = row.new if side else row.old
        assert number is not None  # noqa: S101  # the row has a line on this side
        shown = self._shown(row, side, number)
        base = self.rich_style + self.style_of(_STYLES[side]) if row.changed else self.rich_style
        segments = styled(shown.text, base, self._spans(shown, row, side, number))
        strip, left = Strip(segments), self.left
        ends = {"before": bool(left and shown.text), "after": strip.cell_length > left + width}
        return self.marked_ends(strip.crop(left), width, base, **ends)

    def _shown(self, row: DiffRow, side: int, number: int) -> ShownLine:
        assert self._diff is not None  # noqa: S101  # without a diff there is no row
        line = (self._diff.new if side else self._diff.old)[number]
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
        assert self._diff is not None  # noqa: S101  # without a diff there is no row
        if row.old is None or row.new is None:
            return False
        return self._diff.old[row.old].end is not self._diff.new[row.new].end

    def _spans(self, shown: ShownLine, row: DiffRow, side: int, number: int) -> Iterator[StyledSpan]:
        tones = self._tones[side]
        for start, end, tone in tones[number] if number < len(tones) else ():
            yield *shown.span(start, end), self.style_of(tone)
        for span in shown.stand_ins:
            yield *span, self.style_of("stand-in")
        if self._diff is None:
            return
        for start, end in self._diff.spans(row)[side]:
            yield *shown.span(start, end), self.style_of(f"{_STYLES[side]}-span")
        if self._search is not None:
            is_chosen = self._hit is not None and row is self._diff.rows[self._hits[self._hit]]
            for match in self._search.spans((self._diff.new if side else self._diff.old)[number].text):
                yield *shown.span(*match), self.style_of("chosen" if is_chosen else "match")

    def widest_seen(self) -> int:
        """Return the cells of the longest visible line."""
        items = (self._items[index] for index in self.seen_rows())
        return max((self._width_of(item.row) for item in items if not isinstance(item, Fold)), default=0)

    def _width_of(self, row: DiffRow) -> int:
        """Return the cells of the longer line of a row."""
        sides = ((_OLD, row.old), (_NEW, row.new))
        return max(cell_len(self._shown(row, side, at).text) for side, at in sides if at is not None)
