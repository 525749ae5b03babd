"""The layers of an image for people: a line that sums it up, and a row for each step."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TextIO

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.tally import LayerTally
from layerscope.model.image import Compression, Image, Layer, Step
from layerscope.model.instruction import keyword_of
from layerscope.report.tables import CHANGE_STYLES, screen_width, show
from layerscope.session.open import ImageSession
from layerscope.session.reading.stack import Tallies
from layerscope.text import human_share, human_size, plural, printable_line, printable_name

_GAP = 2
_UNKNOWN = "?"
_NO_LAYER = "·"
_DATE_AND_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")


@dataclass(frozen=True, slots=True)
class _Row:
    """What is known of a layer."""

    layer: Layer
    step: Step
    tally: LayerTally
    dead: int | None
    share: str


@dataclass(frozen=True, slots=True)
class _Figure:
    """One column of figures; it goes where less than ``room`` is left for the instruction."""

    title: str
    cell: Callable[[_Row], str]
    style: str = ""
    room: int = 0


def _count(count: int | None) -> str:
    return _UNKNOWN if count is None else f"{count:,}" if count else ""


def _created(created: str | None) -> str:
    """Return date and time to the minute, or what the image says in their place."""
    match = _DATE_AND_TIME.match(created or "")
    return match[0].replace("T", " ") if match else printable_line(created or "")[:16]


_FIGURES = (
    _Figure("", lambda row: str(row.layer.number), "bold"),
    _Figure("content", lambda row: human_size(row.tally.content_size)),
    _Figure("blob", lambda row: human_size(row.layer.blob_size), room=29),
    _Figure("share", lambda row: row.share, room=28),
    _Figure("+", lambda row: _count(row.tally.added), CHANGE_STYLES[ChangeKind.ADDED]),
    _Figure("~", lambda row: _count(row.tally.modified), CHANGE_STYLES[ChangeKind.MODIFIED]),
    _Figure("-", lambda row: _count(row.tally.removed), CHANGE_STYLES[ChangeKind.REMOVED]),
    _Figure("dead", lambda row: human_size(row.dead) if row.dead != 0 else "", "magenta"),
    _Figure("created", lambda row: _created(row.step.created), room=48),
)


def write_layer_table(session: ImageSession, file: TextIO) -> None:
    """Print the layers; it reads them."""
    show(layer_table(session, screen_width(file)), file)


def layer_table(session: ImageSession, width: int | None = None) -> RenderableType:
    """Return the summary and the table for a screen of that width, or for one without end."""
    rows = {layer.number: _row(session, layer) for layer in session.image.layers}
    figures = _fitting(rows, width)
    table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="dim")
    for figure in figures:
        table.add_column(figure.title, justify="right", no_wrap=True, style=figure.style)
    # it alone gives way; each text says for itself whether it is cut or wrapped
    table.add_column("instruction")
    for step in session.image.steps:
        if step.layer in rows:
            row = rows[step.layer]
            table.add_row(*(figure.cell(row) for figure in figures), _told(row))
        else:
            table.add_row(_NO_LAYER, *[""] * (len(figures) - 1), _instruction(step), style="dim")
    return Group(Text(summary(session.image, session.tallies), overflow="fold"), Text(), table)


def _row(session: ImageSession, layer: Layer) -> _Row:
    tallies = session.tallies
    tally = tallies.layers.get(layer.number) or LayerTally(layer.number)
    step = session.image.step(layer.number)
    return _Row(
        layer, step, tally, tallies.dead_in(layer.number), human_share(tally.content_size, tallies.content_size)
    )


def _fitting(rows: dict[int, _Row], width: int | None) -> Sequence[_Figure]:
    """Return the columns that leave room for the instruction."""
    figures = list(_FIGURES)
    while width is not None:
        least = max(figures, key=lambda figure: figure.room)
        if not least.room or _width(figures, rows) + least.room <= width:
            break
        figures.remove(least)
    return figures


def _width(figures: Sequence[_Figure], rows: dict[int, _Row]) -> int:
    return sum(_GAP + max([len(figure.title), *(len(figure.cell(row)) for row in rows.values())]) for figure in figures)


def _instruction(step: Step) -> Text:
    text = Text(printable_line(step.title), no_wrap=True, overflow="ellipsis")
    text.stylize("bold", 0, len(keyword_of(step.instruction)))
    return text


def _told(row: _Row) -> RenderableType:
    """Return the instruction, and below it what went wrong with the layer."""
    lines = [_instruction(row.step)]
    if row.tally.error:
        lines.append(_remark(f"cannot be read whole: {row.tally.error}", "red"))
    if row.tally.rests_on_incomplete:
        lines.append(_remark("rests on a layer that is incomplete", "yellow"))
    return Group(*lines) if len(lines) > 1 else lines[0]


def _remark(sentence: str, style: str) -> Text:
    return Text(f"! {printable_line(sentence)}", style, overflow="fold")


def summary(image: Image, tallies: Tallies) -> str:
    """Return the image in one line.

    ``my-app:v1 · linux/amd64 · 402 MB in 4 layers (170 MB to pull) · 98 MB dead, 24 %``
    """
    layers = plural(len(image.layers), "layer")
    parts = [
        printable_name(image.name),
        printable_line(str(image.platform)),
        f"{human_size(tallies.content_size)} in {layers} ({human_size(image.blob_size)} {_whereabouts(image)})",
        _dead(tallies),
    ]
    return f" {_NO_LAYER} ".join(part for part in parts if part)


def _whereabouts(image: Image) -> str:
    """Return what the blob size tells of: compressed layers are what a pull transfers."""
    compressed = any(layer.compression not in (Compression.NONE, None) for layer in image.layers)
    return "to pull" if compressed else "stored"


def _dead(tallies: Tallies) -> str:
    dead = tallies.dead_size
    if dead is None:
        return "dead bytes unknown"
    return f"{human_size(dead)} dead, {human_share(dead, tallies.content_size)}" if dead else "no dead bytes"
