"""Two binary revisions of a file: types, sizes, digests, and the bytes around the first difference."""

from collections.abc import Iterator
from itertools import zip_longest
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from layerscope.comparison.file_difference import BytesAround, FileDifference
from layerscope.tui.file_diff.head import side_words
from layerscope.tui.keys.table import Key, bindings

_HEX_WIDTH = 76
"""Cells of a line of hex."""

_GAP = 3
_NOTHING = Text("")


def hex_lines(data: bytes, start: int, other: bytes) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    """Yield lines of hex, each with the spans of the bytes that differ from ``other``."""
    for at in range(0, len(data), 16):
        row, others = data[at : at + 16], other[at : at + 16]
        characters = "".join(chr(byte) if chr(byte).isascii() and chr(byte).isprintable() else "." for byte in row)
        head = f"{start + at:08x}  "
        line = f"{head}{row.hex(' '):<47}  {characters}"
        differing = [index for index, byte in enumerate(row) if others[index : index + 1] != bytes((byte,))]
        hexes = [(len(head) + 3 * index, len(head) + 3 * index + 2) for index in differing]
        ascii_column = len(head) + 49
        yield line, [*hexes, *((ascii_column + index, ascii_column + index + 1) for index in differing)]


class BinaryDiff(VerticalScroll):
    """Metadata and hex of both revisions, side by side if they fit."""

    KEYS: ClassVar[tuple[Key, ...]] = (
        Key("j", "scroll_down", "Down", id="bytes.down"),
        Key("k", "scroll_up", "Up", id="bytes.up"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(KEYS)
    DEFAULT_CSS = """
    BinaryDiff { height: 1fr; scrollbar-size-vertical: 1; }
    BinaryDiff Static { height: auto; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._difference: FileDifference | None = None
        self._digests = ("", "")

    def compose(self) -> ComposeResult:
        yield Static("", markup=False)

    def show(self, difference: FileDifference) -> None:
        """Show a comparison; its digests follow."""
        self._difference = difference
        self._draw()

    def take_digests(self, old: str, new: str) -> None:
        self._digests = (old, new)
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        difference = self._difference
        if difference is None:
            return
        text = Text(overflow="fold")
        if difference.note:
            text.append(f"{difference.note}\n\n", Style(italic=True))
        for mark, side, digest in zip("-+", (difference.before, difference.after), self._digests, strict=True):
            text.append(f"{mark} {side_words(side)}\n")
            if digest:
                text.append(f"  sha256 {digest}\n")
        if difference.around is not None or not difference.note:
            text.append("\n")
            text.append(self._first_difference(difference.around))
        self.query_one(Static).update(text)

    def _first_difference(self, around: BytesAround | None) -> Text:
        if around is None:
            return Text("Both versions have the same bytes.", Style(bold=True))
        text = Text(f"The first difference is at byte {around.offset:,} ({around.offset:#x}):\n\n", Style(bold=True))
        old = _lines(around.before, around.start, around.after)
        new = _lines(around.after, around.start, around.before)
        if self.content_size.width >= 2 * _HEX_WIDTH + _GAP:
            return text.append(_side_by_side(old, new))
        return text.append(_in_one_column(old, new))


def _lines(data: bytes, start: int, other: bytes) -> list[Text]:
    """Return lines of hex with the bytes that differ from ``other`` marked, and a note if the data ends first."""
    lines = []
    for line, spans in hex_lines(data, start, other):
        text = Text(line, "not bold", no_wrap=True)
        for first, last in spans:
            text.stylize("bold reverse", first, last)
        lines.append(text)
    return [*lines, Text("end of file", "not bold italic")] if len(data) < len(other) else lines


def _side_by_side(old: list[Text], new: list[Text]) -> Text:
    text = Text()
    for old_line, new_line in zip_longest(old, new, fillvalue=_NOTHING):
        text.append(old_line).append(" " * (_HEX_WIDTH + _GAP - old_line.cell_len)).append(new_line).append("\n")
    return text


def _in_one_column(old: list[Text], new: list[Text]) -> Text:
    text = Text()
    for old_line, new_line in zip_longest(old, new, fillvalue=_NOTHING):
        is_equal = old_line.plain == new_line.plain
        marked = (("  ", old_line),) if is_equal else (("- ", old_line), ("+ ", new_line))
        for mark, line in marked:
            if line.plain:
                text.append(mark, "not bold").append(line).append("\n")
    return text
