"""The Dockerfile of an image with the cost of its lines: a document, and for people its text beside the figures."""

from collections.abc import Iterator
from typing import TextIO

from msgspec import Struct

from layerscope.analysis.dockerfile.placed import PlacedDockerfile
from layerscope.report.build import miss_line
from layerscope.report.json_document import NO_LIMIT, Limit, Listing, write_document
from layerscope.report.tables import LEAST_INSTRUCTION, Block, Grid, GridColumn, Line, Paragraph, show
from layerscope.session.dockerfile.cache_state import CacheState, cache_word
from layerscope.session.dockerfile.lines import LineCost, layers_text, line_costs, unplaced_layers
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.session.summary import image_facts
from layerscope.text import human_share, human_size, printable_name, printable_text, size_or_blank


class UnplacedPart(Struct):
    """The layers that no line could be found for."""

    layers: list[int]
    content_size: int | None
    dead_size: int | None


class LinePart(Struct):
    """A line; null: it has no layer, or the figures and the state of the build cache are unknown."""

    line: int
    text: str
    stage: str | None
    layers: list[int] | None
    content_size: int | None
    dead_size: int | None
    cache: str | None
    cause: str | None
    advice: list[int]


class DockerfileDocument(Listing, kw_only=True):
    """The whole document; ``matched`` of ``steps`` were found. The sizes add up together with those ``unplaced``."""

    source: str
    base: str | None
    matched: int
    steps: int
    unplaced: UnplacedPart
    lines: list[LinePart]


def write_dockerfile_document(
    placed: PlacedDockerfile, analysis: SizeAnalysis, cache: CacheState, file: TextIO, limit: Limit = NO_LIMIT
) -> None:
    """Write the document; lines have the numbers of the advice in the ``why`` document."""
    image, tallies = analysis.image, analysis.tallies
    unplaced = unplaced_layers(placed, image, tallies)
    document = DockerfileDocument(
        source=placed.placed_by.value,
        base=placed.base,
        matched=placed.matched,
        steps=placed.expected,
        unplaced=UnplacedPart(list(unplaced.layers), unplaced.content_size, unplaced.dead_size),
        lines=[_line_part(cost) for cost in limit(line_costs(placed, tallies, cache, analysis.report.advice))],
    )
    write_document(document, file, limit=limit)


def _line_part(cost: LineCost) -> LinePart:
    layers = None if cost.layers is None else list(cost.layers)
    figures = layers, cost.content_size, cost.dead_size
    return LinePart(cost.line, cost.text, cost.stage, *figures, _cached(cost) or None, cost.cause, list(cost.advice))


_BAR = 8
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_TAB = 4


def write_dockerfile_table(
    placed: PlacedDockerfile, analysis: SizeAnalysis, cache: CacheState, file: TextIO, limit: Limit = NO_LIMIT
) -> None:
    """Print the Dockerfile with the cost of its lines, and what advice on them saves."""
    show(_parts(placed, analysis, cache, limit), file)


def _parts(placed: PlacedDockerfile, analysis: SizeAnalysis, cache: CacheState, limit: Limit) -> Iterator[Block]:
    image, tallies, advice = analysis.image, analysis.tallies, analysis.report.advice
    yield Paragraph(f"{printable_name(image.name)} · {image_facts(image, tallies)}")
    base = [f"base {printable_name(placed.base)}"] if placed.base else []
    yield Paragraph(" · ".join([placed.confidence, *base]))
    yield Paragraph()
    costs = list(line_costs(placed, tallies, cache, advice))
    largest = max((cost.content_size or 0 for cost in costs), default=0)
    grid = Grid(
        *(GridColumn(title, is_right=True) for title in ("layers", "content")),
        GridColumn("share", is_right=True, is_optional=True),
        GridColumn("", is_optional=True),
        GridColumn("dead", is_right=True, style="magenta"),
        *([GridColumn("cache", is_optional=True)] if cache.cached else []),
        *([GridColumn("saves", is_right=True, style="green")] if advice else []),
        GridColumn("", is_right=True, style="dim"),
        GridColumn("Dockerfile", is_flexible=True, least=LEAST_INSTRUCTION),
    )
    for cost in limit(costs):
        figures = _figures(cost, largest, tallies.content_size)
        numbers = f" ({', '.join(map(str, cost.advice))})" if cost.advice else ""
        saves = [f"{size_or_blank(cost.saves)}{numbers}"] if advice else []
        source = Line(printable_text(cost.text).expandtabs(_TAB), "" if cost.layers else "dim")
        grid.add_row(*figures, *([_cached(cost)] if cache.cached else []), *saves, str(cost.line), source)
    yield grid
    for number, each in enumerate(advice, 1):
        if each.layer in placed.line_of_layer:
            yield Paragraph(f"\n({number}) {printable_text(each.text)}")
    if cache.miss is not None:
        yield Paragraph(f"\ncache miss: {miss_line(cache.miss, placed.name)}")
    unplaced = unplaced_layers(placed, image, tallies)
    if unplaced.layers:
        noun = "layer" if len(unplaced.layers) == 1 else "layers"
        size = human_size(unplaced.content_size)
        yield Paragraph(f"\nno line found for {noun} {layers_text(unplaced.layers)}, {size}", "yellow")


def _cached(cost: LineCost) -> str:
    return "" if cost.is_cached is None else cache_word(cached=cost.is_cached)


def _figures(cost: LineCost, largest: int, total: int | None) -> tuple[str, ...]:
    if not cost.layers:
        return ("", "", "", "", "")
    return (
        layers_text(cost.layers),
        human_size(cost.content_size),
        human_share(cost.content_size, total),
        _bar((cost.content_size or 0) / max(1, largest)),
        size_or_blank(cost.dead_size),
    )


def _bar(share: float) -> str:
    """Return a bar of eight cells, drawn in eighths of a cell."""
    whole, part = divmod(round(share * _BAR * (len(_EIGHTHS) - 1)), len(_EIGHTHS) - 1)
    return _EIGHTHS[-1] * whole + (_EIGHTHS[part] if part else "")
