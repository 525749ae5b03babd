"""Two files that are no text: sizes, types, digests, and the bytes around the first difference."""

from itertools import zip_longest
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from layerscope.comparison.file_difference import FileDifference
from layerscope.tui.drawing.glyphs import Glyphs
from layerscope.tui.file_diff.facts import hex_lines, side_words

_HEX_WIDTH = 76
"""Cells that a line of hex takes."""

_GAP = 3
_NOTHING = Text("")


class BinaryDiff(VerticalScroll):
    """Facts, and hex of both sides: beside each other where there is room."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "Down", show=False, id="bytes.down"),
        Binding("k", "scroll_up", "Up", show=False, id="bytes.up"),
    ]
    DEFAULT_CSS = """
    BinaryDiff { height: 1fr; scrollbar-size-vertical: 1; }
    BinaryDiff Static { height: auto; }
    """

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own word
        super().__init__(id=id)
        self._glyphs = glyphs
        self._found: FileDifference | None = None
        self._digests = ("", "")

    def compose(self) -> ComposeResult:
        """Lay out the text."""
        yield Static("", markup=False)

    def show(self, found: FileDifference) -> None:
        """Show a comparison whose digests are still to come."""
        self._found = found
        self._draw()

    def take_digests(self, before: str, after: str) -> None:
        """Show the digests."""
        self._digests = (before, after)
        self._draw()

    def on_resize(self) -> None:
        """Fit the hex to the new width."""
        self._draw()

    def _draw(self) -> None:
        found = self._found
        if found is None:
            return
        text = Text(overflow="fold")
        if found.note:
            text.append(f"{found.note}\n\n", Style(italic=True))
        for mark, side, digest in zip("-+", (found.before, found.after), self._digests, strict=True):
            text.append(f"{mark} {side_words(side)}\n")
            if digest:
                text.append(f"  sha256 {digest}\n")
        if found.around is not None or not found.note:
            text.append("\n")
            text.append(self._difference(found))
        self.query_one(Static).update(text)

    def _difference(self, found: FileDifference) -> Text:
        around = found.around
        if around is None:
            return Text("Both hold the same bytes.", Style(bold=True))
        text = Text(f"The first difference is at byte {around.offset:,} ({around.offset:#x}):\n\n", Style(bold=True))
        before = _lines(around.before, around.start, around.after)
        after = _lines(around.after, around.start, around.before)
        if self.content_size.width >= 2 * _HEX_WIDTH + _GAP:
            return text.append(_beside(before, after))
        return text.append(_in_one_column(before, after))


def _lines(data: bytes, start: int, other: bytes) -> list[Text]:
    """Return lines of hex, the bytes that the other side has not marked, and a word where there are no more."""
    lines = []
    for line, spans in hex_lines(data, start, other):
        text = Text(line, "not bold", no_wrap=True)
        for first, last in spans:
            text.stylize("bold reverse", first, last)
        lines.append(text)
    return [*lines, Text("it ends here", "not bold italic")] if len(data) < len(other) else lines


def _beside(old: list[Text], new: list[Text]) -> Text:
    text = Text()
    for one, other in zip_longest(old, new, fillvalue=_NOTHING):
        text.append(one).append(" " * (_HEX_WIDTH + _GAP - one.cell_len)).append(other).append("\n")
    return text


def _in_one_column(old: list[Text], new: list[Text]) -> Text:
    text = Text()
    for one, other in zip_longest(old, new, fillvalue=_NOTHING):
        marked = (("  ", one),) if one.plain == other.plain else (("- ", one), ("+ ", other))
        for mark, line in marked:
            if line.plain:
                text.append(mark, "not bold").append(line).append("\n")
    return text
