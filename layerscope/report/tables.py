"""Tables for people: in a terminal as wide as its screen, in a pipe as wide as the content, in plain text.

`Grid` does the layout in place of Rich's own table, which takes a millisecond per row and measures every row several
times: an image may have 100,000 steps. Rich only colours what a terminal shows: it takes 40 ms to import.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, partial
from typing import TextIO, TypeVar

from msgspec import Struct

from layerscope.model.instruction import keyword_of
from layerscope.report.colors import console_of, escapes
from layerscope.text import human_size, plural, printable_name

_ANY_WIDTH = 1_000_000
_GAP = 2
"""Spaces between two columns."""
_FIRST_COMBINING = "\u0300"
"""The first character that does not take exactly one cell, of those that `printable_name` leaves."""

Row = TypeVar("Row")

Piece = tuple[str, str]
"""A part of a line of the screen, and its style."""


class Paragraph(Struct, frozen=True):
    """A text that is safe for a screen, folded between words where it is too wide."""

    text: str = ""
    style: str = ""
    indent: int = 0

    def lines(self, most: int) -> Iterator[Sequence[Piece]]:
        """Yield the lines of a screen of that width."""
        for line in self.text.expandtabs().split("\n"):
            for part in _wrapped(line, most - self.indent):
                yield [(" " * self.indent, ""), (part, self.style)]


class Line(Struct, frozen=True):
    """One line of a cell, safe for a screen. A line that is too wide is folded, or else cut with an ellipsis.

    A ``is_whole`` line is neither, so that a path can be copied in one piece; it may come below its row. ``bold`` is
    the number of leading characters in bold, ``indent`` the number of spaces before each piece.
    """

    text: str
    style: str = ""
    bold: int = 0
    is_folded: bool = False
    is_whole: bool = False
    indent: int = 0

    @property
    def width(self) -> int:
        return self.indent + _width(self.text)


Cell = str | Line | Sequence[Line]


class GridColumn(Struct, frozen=True):
    """A column; a flexible one gives way first where the screen is narrow, down to its ``least`` width.

    Then optional ones are left out, the last of them first: half a figure says less than none.
    """

    title: str
    is_right: bool = False
    style: str = ""
    is_flexible: bool = False
    is_optional: bool = False
    least: int = 1


class _GridRow(Struct, frozen=True):
    cells: Sequence[Cell]
    style: str
    is_header: bool = False


class Grid:
    """Rows of cells in aligned columns, without lines between them."""

    def __init__(self, *columns: GridColumn, indent: int = 0, gap: int = _GAP) -> None:
        self._columns = columns
        self._margin = " " * indent
        self._gap = " " * gap
        self._rows: list[_GridRow] = []
        self._widths = [0] * len(columns)
        self._has_header = any(column.title for column in columns)
        if self._has_header:
            self._add([column.title for column in columns], "dim", is_header=True)

    def add_row(self, *cells: Cell, style: str = "") -> None:
        self._add(cells, style)

    def _add(self, cells: Sequence[Cell], style: str, *, is_header: bool = False) -> None:
        self._rows.append(_GridRow(cells, style, is_header))
        for column, cell in enumerate(cells):
            self._widths[column] = max(self._widths[column], _cell_width(cell))

    @property
    def is_empty(self) -> bool:
        return len(self._rows) == self._has_header

    def lines(self, most: int) -> Iterator[Sequence[Piece]]:
        """Yield the lines of a screen of that width."""
        shown = self._shown(most)
        widths = self._fitted_widths(shown, most)
        for row in self._rows:
            cells = [_lines(row.cells[at]) for at in shown]
            if widths != self._widths:
                cells = [
                    [part for line in lines for part in _fitted_line(line, width)]
                    for lines, width in zip(cells, widths, strict=True)
                ]
            *others, last = cells
            below: Sequence[Line] = ()
            if others and any(line.width > widths[-1] for line in last):
                # Beside the other cells, the terminal would break the paths of this one sooner than it has to.
                last, below = (), last
            for at in range(max(map(len, [*others, last]))):
                pieces = [lines[at : at + 1] for lines in (*others, last)]
                yield [*self._pieces(row, shown, pieces, widths)]
            for line in below:
                yield [(f"{self._margin}{_BELOW}{line.text}", line.style)]

    def _pieces(
        self, row: _GridRow, shown: Sequence[int], cells: Sequence[Sequence[Line]], widths: Sequence[int]
    ) -> Iterator[Piece]:
        """Yield one line of the screen; no spaces follow its last character."""
        spaces = self._margin
        for at, lines, width in zip(shown, cells, widths, strict=True):
            column = self._columns[at]
            if not lines:
                spaces += " " * width + self._gap
                continue
            (line,) = lines
            padding = " " * (width - line.width)
            spaces += " " * line.indent + (padding if column.is_right else "")
            style = row.style if row.is_header else f"{row.style} {column.style} {line.style}"
            yield spaces, ""
            if line.bold:
                yield line.text[: line.bold], f"{style} bold"
            yield line.text[line.bold :], style
            spaces = self._gap if column.is_right else padding + self._gap

    def _total(self, widths: Sequence[int]) -> int:
        return len(self._margin) + sum(widths) + len(self._gap) * (len(widths) - 1)

    def _shown(self, most: int) -> list[int]:
        """Return the columns that are shown: all, unless optional ones are left out so that the others fit."""
        least = [
            min(width, max(column.least, _width(column.title))) if column.is_flexible else width
            for column, width in zip(self._columns, self._widths, strict=True)
        ]
        shown = list(range(len(least)))
        for at in reversed([at for at in shown if self._columns[at].is_optional]):
            if self._total([least[each] for each in shown]) > most:
                shown.remove(at)
        return shown

    def _fitted_widths(self, shown: Sequence[int], most: int) -> list[int]:
        """Return widths that fit the screen: flexible columns shrink first, then all, the widest most."""
        widths = [self._widths[at] for at in shown]
        flexible = [at for at, column in enumerate(shown) if self._columns[column].is_flexible]
        for shrinking in (flexible, range(len(widths))):
            if self._total(widths) > most:
                left = most - self._total([0 if at in shrinking else width for at, width in enumerate(widths)])
                for count, at in enumerate(sorted(shrinking, key=widths.__getitem__)):
                    widths[at] = max(1, min(widths[at], left // (len(shrinking) - count)))
                    left -= widths[at]
        return widths


Block = Paragraph | Grid
"""A part of what a command prints."""

_BELOW = "    "
"""The indent of a cell that comes below its row."""


def _lines(cell: Cell) -> Sequence[Line]:
    if isinstance(cell, str):
        return (Line(cell),) if cell else ()
    return (cell,) if isinstance(cell, Line) else cell


def _cell_width(cell: Cell) -> int:
    return _width(cell) if isinstance(cell, str) else max((line.width for line in _lines(cell)), default=0)


def _width(text: str) -> int:
    if text.isascii() or max(text) < _FIRST_COMBINING:
        return len(text)
    from rich.cells import cell_len  # noqa: PLC0415  # 5 ms, and few texts need it

    return cell_len(text)


def _fitted_line(line: Line, width: int) -> Iterable[Line]:
    """Return the line in pieces that fit the width."""
    if line.is_whole or line.width <= width:
        return (line,)
    indent = min(line.indent, width - 1)
    width -= indent
    if not line.is_folded:
        text = _cut(line.text, width - 1) + "…"
        return (Line(text, line.style, min(line.bold, len(text)), indent=indent),)
    return (Line(part, line.style, indent=indent) for part in _wrapped(line.text, width))


def _cut(text: str, width: int) -> str:
    """Return the start of a text that takes at most ``width`` cells."""
    text = text[: max(0, width)]
    while _width(text) > width:
        text = text[:-1]
    return text


def _wrapped(text: str, width: int) -> Iterator[str]:
    """Yield a text in lines of whole words: one that is too long may be a path, which the terminal breaks."""
    line, room = "", width
    for word in text.split(" "):
        taken = _width(word) + bool(line)
        if line and taken > room:
            yield line
            line, room, taken = "", width, taken - 1
        line = f"{line} {word}" if line else word
        room -= taken
    yield line


LEAST_INSTRUCTION = 16
"""The cells of an instruction that are worth more than a figure beside them."""


def figures(*titles: str, last: str) -> Grid:
    """Return a grid of figures with a text in the last column."""
    return Grid(*(GridColumn(title, is_right=True) for title in titles), GridColumn(last, is_flexible=True))


def section(title: str, parts: Iterable[Block]) -> Iterator[Block]:
    """Yield a blank line, the title and the parts; nothing if there are no parts."""
    content = list(parts)
    if content:
        yield Paragraph()
        yield Paragraph(title, "bold underline")
        yield from content


def name_line(name: str | bytes) -> Line:
    """Return a name, safe for a screen, that is neither cut nor broken."""
    return Line(printable_name(name), is_whole=True)


def instruction_line(title: str) -> Line:
    """Return an instruction that is safe for a screen, its keyword in bold; cut where the screen ends."""
    return Line(title, bold=len(keyword_of(title)))


def remainder(rows: Sequence[Row], most: int | None, size: Callable[[Row], int], noun: str) -> Iterator[Paragraph]:
    """Yield a line about the rows after the first ``most``, if there are any."""
    if most is not None and len(rows) > most:
        total = sum(map(size, rows[most:]))
        sizes = f", {human_size(total)}" if total else ""
        yield Paragraph(f"and {plural(len(rows) - most, f'more {noun}')}{sizes} (--all shows them)", "dim")


def screen_width(file: TextIO) -> int | None:
    """Return the width of the terminal, or None if the file is not a terminal."""
    return console_of(file).width if file.isatty() else None


def show(parts: Iterable[Block], file: TextIO) -> None:
    """Print as wide as the terminal, and into a pipe as wide as the content, in plain text."""
    if not file.isatty():
        file.writelines(_plain_lines(parts))
        return
    console = console_of(file)
    around = cache(partial(escapes, console))
    for part in parts:
        for line in part.lines(console.width):
            for text, style in line:
                before, after = around(style)
                file.write(f"{before}{text}{after}" if text else "")
            file.write("\n")


def _plain_lines(parts: Iterable[Block], width: int = _ANY_WIDTH) -> Iterator[str]:
    """Yield each line as soon as it is laid out: a table may have 65,535 rows."""
    for part in parts:
        for line in part.lines(width):
            yield "".join(text for text, _ in line).rstrip() + "\n"
