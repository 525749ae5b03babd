"""What the sections of the answer are made of."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from layerscope.model.image import Image
from layerscope.model.instruction import keyword_of
from layerscope.report.titles import title_of
from layerscope.text import human_size, plural, printable_name

_GAP = 2

Row = TypeVar("Row")


def section(title: str, parts: Iterable[RenderableType]) -> Iterator[RenderableType]:
    """Yield a blank line, the title and the parts; nothing where there are no parts."""
    told = list(parts)
    if told:
        yield Text()
        yield Text(title, "bold underline", overflow="fold")
        yield from told


def figures(*titles: str, last: str) -> Table:
    """Return a table of figures with a text in the last column."""
    table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="dim")
    for title in titles:
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column(last)
    return table


def layer_title(image: Image, layer: int) -> Text:
    """Return the instruction of a layer, cut where the screen ends."""
    text = Text(title_of(image, layer), no_wrap=True, overflow="ellipsis")
    text.stylize("bold", 0, len(keyword_of(text.plain)))
    return text


def name_text(path: str) -> Text:
    """Return a path, safe for a screen, and never cut."""
    return Text(printable_name(path), overflow="fold")


def remainder(rows: Sequence[Row], most: int | None, size: Callable[[Row], int], noun: str) -> Iterator[RenderableType]:
    """Yield a line on the rows that are left out."""
    if most is not None and len(rows) > most:
        left = sum(map(size, rows[most:]))
        count = plural(len(rows) - most, f"more {noun}")
        yield Text(f"and {count}, {human_size(left)} (--all shows them)", "dim")
