"""A row of text as it is shown: tabs expanded, and without characters that control a terminal."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rich.cells import cell_len

from layerscope.analysis.text.encoding import LineEnd
from layerscope.text import printable_name
from layerscope.tui.drawing.glyphs import Glyphs

_TAB = 8
_UNUSUAL = re.compile(r"[^ -~]")
_UNUSUAL_OR_SPACE = re.compile(r"[^!-~]")
_ENDS = {LineEnd.LF: "\\n", LineEnd.CRLF: "\\r\\n", LineEnd.NONE: " (no line feed)"}

Span = tuple[int, int]
"""Start and end, in characters."""


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A row as it is shown. ``text`` is safe to print.

    ``positions`` has the position in it of each character of the row, and of its end; None if nothing is replaced.
    ``stand_ins`` are the spans that replace a character.
    """

    text: str
    positions: Sequence[int] | None = None
    stand_ins: tuple[Span, ...] = ()

    def span(self, start: int, end: int) -> Span:
        if self.positions is None:
            return min(start, len(self.text)), min(end, len(self.text))
        last = len(self.positions) - 1
        return self.positions[min(start, last)], self.positions[min(end, last)]

    def spans(self, spans: Iterable[Span]) -> Iterator[Span]:
        return (self.span(*span) for span in spans)

    def part(self, left: int, width: int) -> tuple[Span, int]:
        """Return the span shown from a column on, and the number of cells before it that show half a character."""
        if self.text.isascii():
            return (min(left, len(self.text)), min(left + width, len(self.text))), 0
        start, column = 0, 0
        while start < len(self.text) and column < left:
            column += _cells(self.text[start])
            start += 1
        end, empty = start, column - left if column > left else 0
        column = empty
        while end < len(self.text) and column < width:
            column += _cells(self.text[end])
            end += 1
        return (start, end), empty

    def wrapped(self, width: int) -> list[Span]:
        """Return the spans that fill one line each; an empty text has one empty span."""
        if self.text.isascii():
            return [(at, min(at + width, len(self.text))) for at in range(0, max(1, len(self.text)), width)]
        parts, start, cells = list[Span](), 0, 0
        for position, character in enumerate(self.text):
            size = _cells(character)
            if cells + size > width and position > start:
                parts.append((start, position))
                start, cells = position, 0
            cells += size
        return [*parts, (start, len(self.text))]


def shown_line(text: str, glyphs: Glyphs, *, end: LineEnd | None = None, invisibles: bool = False) -> ShownLine:
    """Return a row as it is shown, and its line end if one is given; ``invisibles`` makes spaces and tabs visible."""
    if end is None and not invisibles and text.isascii() and text.isprintable():
        return ShownLine(text)
    line, at = _Builder(), 0
    for match in (_UNUSUAL_OR_SPACE if invisibles else _UNUSUAL).finditer(text):
        line.add(text[at : match.start()])
        at = match.end()
        if match[0] == "\t":
            room = _TAB - line.column % _TAB
            line.stand_in((glyphs.arrow[-1] if invisibles else " ").ljust(room), has_span=invisibles)
        elif match[0] == " ":
            line.stand_in(glyphs.untouched, has_span=True)
        else:
            line.add_or_escape(match[0])
    line.add(text[at:])
    line.positions.append(line.length)
    if end is not None:
        line.stand_in(_ENDS[end], has_span=True)
    return ShownLine("".join(line.parts), line.positions, tuple(line.stand_ins))


class _Builder:
    """A shown line under construction; ``column`` counts cells."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.positions: list[int] = []
        self.stand_ins: list[Span] = []
        self.length = 0
        self.column = 0

    def add(self, text: str) -> None:
        """Add characters that are shown unchanged, one cell each."""
        self.positions += range(self.length, self.length + len(text))
        self.parts.append(text)
        self.length += len(text)
        self.column += len(text)

    def add_or_escape(self, character: str) -> None:
        """Add a character, or its escape if it is not safe."""
        shown = _safe(character)
        if shown == character:
            self.add(character)
            self.column += _cells(character) - 1
        else:
            self.stand_in(shown, has_span=True)

    def stand_in(self, shown: str, *, has_span: bool) -> None:
        """Add the text that replaces one character."""
        if has_span:
            self.stand_ins.append((self.length, self.length + len(shown)))
        self.positions.append(self.length)
        self.parts.append(shown)
        self.length += len(shown)
        self.column += len(shown)


_safe = lru_cache(4096)(printable_name)
_cells = lru_cache(4096)(cell_len)
