"""Two files that are no text: sizes, types, digests, and the bytes around the first difference."""

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from layerscope.session.file_difference import FileDifference
from layerscope.tui.diff_facts import hex_lines, side_words
from layerscope.tui.glyphs import Glyphs

_HEX_WIDTH = 76
"""Cells that a line of hex takes."""

_GAP = 3


class BinaryDiff(VerticalScroll):
    """Facts, and hex of both sides: beside each other where there is room."""

    DEFAULT_CSS = """
    BinaryDiff { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
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
        text.append("\n")
        text.append(self._difference(found))
        self.query_one(Static).update(text)

    def _difference(self, found: FileDifference) -> Text:
        around = found.around
        if around is None:
            return Text("Both hold the same bytes.", Style(bold=True))
        text = Text(f"The first difference is at byte {around.offset:,} ({around.offset:#x}):\n\n", Style(bold=True))
        sides = [
            [self._line(line, spans) for line, spans in hex_lines(data, around.start, other)]
            for data, other in ((around.before, around.after), (around.after, around.before))
        ]
        if self.content_size.width >= 2 * _HEX_WIDTH + _GAP:
            return text.append(_beside(*sides))
        for mark, lines in zip("-+", sides, strict=True):
            for line in lines or [Text("nothing more")]:
                text.append(f"{mark} ", "not bold").append(line).append("\n")
            text.append("\n")
        return text

    def _line(self, line: str, spans: list[tuple[int, int]]) -> Text:
        text = Text(line, "not bold", no_wrap=True)
        for start, end in spans:
            text.stylize("bold reverse", start, end)
        return text


def _beside(left: list[Text], right: list[Text]) -> Text:
    text = Text()
    for row in range(max(len(left), len(right))):
        one = left[row] if row < len(left) else Text("nothing more" if row == len(left) else "", "not bold")
        other = right[row] if row < len(right) else Text("nothing more" if row == len(right) else "", "not bold")
        one.pad_right(_HEX_WIDTH + _GAP - one.cell_len)
        text.append(one).append(other).append("\n")
    return text
