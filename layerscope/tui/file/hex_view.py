"""The bytes of a file in rows of 16: offset, hex, and ASCII."""

from collections.abc import Iterator

from rich.segment import Segment
from textual.strip import Strip

from layerscope.analysis.text.search import Search
from layerscope.session.files.pages import FilePages
from layerscope.tui.drawing.cells import StyledSpan, styled
from layerscope.tui.file.text_view import TextView
from layerscope.tui.widgets.row_view import RowView

ROW = 16
"""Bytes of a row."""

_HALF = ROW // 2
_LEAST_DIGITS = 8
_BESIDE_OFFSET = 2 + 3 * ROW + 2 + ROW
"""Cells of a row without its offset."""

_LONGEST_MATCH = 256
_PRINTABLE = bytes(byte if chr(byte).isascii() and chr(byte).isprintable() else ord(".") for byte in range(256))


class HexView(RowView):
    """The bytes of a `FilePages`."""

    def __init__(self) -> None:
        super().__init__()
        self._pages: FilePages | None = None
        self._search: Search | None = None
        self._chosen: int | None = None

    def show(self, pages: FilePages) -> None:
        """Show a file from its start."""
        self._pages, self._chosen = pages, None
        self.top = self.left = 0
        self.redraw()

    def highlight(self, search: Search | None, chosen: int | None = None) -> None:
        """Highlight the matches of a search, and most of all the one at an offset."""
        self._search, self._chosen = search, chosen
        self._strips.clear()
        self.refresh()

    def row_count(self) -> int:
        return 0 if self._pages is None else -(-self._pages.size // ROW)

    def widest_seen(self) -> int:
        """Return the cells of a row if it is wider than the view, else 0."""
        width = self._digits + _BESIDE_OFFSET
        return width if width > self.line_width else 0

    @property
    def _digits(self) -> int:
        return max(_LEAST_DIGITS, len(f"{self._pages.size:x}")) if self._pages else _LEAST_DIGITS

    def draw(self, row: int, line: int, width: int) -> list[Segment] | None:  # noqa: ARG002  # a row has one line
        assert self._pages is not None  # noqa: S101  # without pages there is no row
        data = self._pages.peek(row * ROW, ROW)
        if data is None:
            self.post_message(TextView.Missing(row * ROW))
            return None
        base = self.rich_style
        hexes = f"{data[:_HALF].hex(' ')}  {data[_HALF:].hex(' ')}".ljust(3 * ROW)
        spans = list(self._spans(row, data))
        hex_spans = [(_hex_column(start), _hex_column(end - 1) + 2, style) for start, end, style in spans]
        characters = data.translate(_PRINTABLE).decode("ascii")
        segments = [
            Segment(f"{row * ROW:0{self._digits}x}  ", base + self.style_of("number")),
            *styled(hexes, base, hex_spans),
            Segment("  ", base),
            *styled(characters, base, spans),
        ]
        strip, left = Strip(segments), self.left
        is_longer = strip.cell_length > left + width
        return self.with_cut_signs(strip.crop(left), width, base, before=left > 0, after=is_longer)

    def _spans(self, row: int, data: bytes) -> Iterator[StyledSpan]:
        for index, byte in enumerate(data):
            if not byte:
                yield index, index + 1, self.style_of("muted")
        if self._search is None or self._pages is None:
            return
        # A match may start before the row, or end after it.
        start = max(0, row * ROW - _LONGEST_MATCH)
        around = self._pages.peek(start, row * ROW - start + ROW + _LONGEST_MATCH) or b""
        for match, end in self._search.spans_in_bytes(around):
            first, last = match + start - row * ROW, end + start - row * ROW
            if first < len(data) and last > 0:
                chosen = self._chosen == match + start
                yield max(0, first), min(len(data), last), self.style_of("chosen" if chosen else "match")


def _hex_column(byte: int) -> int:
    return 3 * byte + (byte >= _HALF)
