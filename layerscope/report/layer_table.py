"""The layers of an image for people: a line that sums it up, and a row for each step."""

from collections.abc import Callable, Sequence
from typing import TextIO

from msgspec import Struct

from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.tally import LayerTally, Tallies
from layerscope.model.image import Image, Layer, Step
from layerscope.report.colors import CHANGE_STYLES
from layerscope.report.json_document import NO_LIMIT, Limit
from layerscope.report.tables import (
    Block,
    Grid,
    GridColumn,
    Line,
    Paragraph,
    instruction_line,
    screen_width,
    show,
)
from layerscope.session.summary import image_summary, minute_text, printable_title
from layerscope.text import human_share, human_size, printable_line, size_or_blank

_GAP = 2
_UNKNOWN = "?"
_NO_LAYER = "·"


class _Row(Struct, frozen=True):
    """One layer with its figures."""

    layer: Layer
    step: Step
    tally: LayerTally
    dead: int | None
    share: str


class _Figure(Struct, frozen=True):
    """One column of figures; it is left out if less than ``room`` remains for the instruction."""

    title: str
    cell: Callable[[_Row], str]
    style: str = ""
    room: int = 0


def _count(count: int | None) -> str:
    return _UNKNOWN if count is None else f"{count:,}" if count else ""


_FIGURES = (
    _Figure("", lambda row: str(row.layer.number), "bold"),
    _Figure("content", lambda row: human_size(row.tally.content_size)),
    _Figure("stored", lambda row: human_size(row.layer.blob_size), room=29),
    _Figure("share", lambda row: row.share, room=28),
    _Figure("+", lambda row: _count(row.tally.added), CHANGE_STYLES[ChangeKind.ADDED]),
    _Figure("~", lambda row: _count(row.tally.modified), CHANGE_STYLES[ChangeKind.MODIFIED]),
    _Figure("-", lambda row: _count(row.tally.removed), CHANGE_STYLES[ChangeKind.REMOVED]),
    _Figure("dead", lambda row: size_or_blank(row.dead), "magenta"),
    _Figure("created", lambda row: minute_text(row.step.created), room=48),
)


def write_layer_table(image: Image, tallies: Tallies, file: TextIO, limit: Limit = NO_LIMIT) -> None:
    """Print the layers."""
    show(layer_table(image, tallies, screen_width(file), limit), file)


def layer_table(image: Image, tallies: Tallies, width: int | None = None, limit: Limit = NO_LIMIT) -> Sequence[Block]:
    """Return the summary and the table for a screen of that width, or one as wide as needed."""
    rows = _rows(image, tallies)
    figures = _fitting(list(rows.values()), width)
    grid = Grid(
        *(GridColumn(figure.title, is_right=True, style=figure.style) for figure in figures),
        GridColumn("instruction", is_flexible=True),
    )
    for step in limit(image.steps):
        if step.layer in rows:
            row = rows[step.layer]
            grid.add_row(*(figure.cell(row) for figure in figures), _instruction_cell(row))
        else:
            blanks = [""] * (len(figures) - 1)
            grid.add_row(_NO_LAYER, *blanks, instruction_line(printable_title(step.title)), style="dim")
    return [Paragraph(image_summary(image, tallies)), Paragraph(), grid]


def _rows(image: Image, tallies: Tallies) -> dict[int, _Row]:
    # The sum is taken once: taken for each layer, it would make a listing of 8,000 layers quadratic.
    total = tallies.content_size
    rows: dict[int, _Row] = {}
    for layer in image.layers:
        tally = tallies.layers.get(layer.number) or LayerTally(layer.number)
        dead, share = tallies.dead_in(layer.number), human_share(tally.content_size, total)
        rows[layer.number] = _Row(layer, image.step(layer.number), tally, dead, share)
    return rows


def _fitting(rows: Sequence[_Row], width: int | None) -> Sequence[_Figure]:
    """Return the columns that leave room for the instruction."""
    figures = list(_FIGURES)
    if width is None:
        return figures
    widths = {figure: _GAP + max([len(figure.title), *(len(figure.cell(row)) for row in rows)]) for figure in _FIGURES}
    while True:
        least = max(figures, key=lambda figure: figure.room)
        if not least.room or sum(widths[figure] for figure in figures) + least.room <= width:
            return figures
        figures.remove(least)


def _instruction_cell(row: _Row) -> Sequence[Line]:
    """Return the instruction, and below it the problems of the layer."""
    lines = [instruction_line(printable_title(row.step.title))]
    if row.tally.error:
        lines.append(Line(f"! cannot be read whole: {printable_line(row.tally.error)}", "red", is_folded=True))
    if row.tally.rests_on_incomplete:
        lines.append(Line("! rests on a layer that is incomplete", "yellow", is_folded=True))
    return lines
