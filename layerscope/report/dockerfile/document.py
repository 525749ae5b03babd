"""The ``dockerfile`` document: each line of the Dockerfile with its layers and their sizes."""

from typing import TextIO

from msgspec import Struct

from layerscope.analysis.dockerfile.placed import PlacedDockerfile
from layerscope.report.json_document import NO_LIMIT, Limit, Listing, write_document
from layerscope.session.dockerfile.cache_state import CacheState, cache_word
from layerscope.session.dockerfile.lines import LineCost, line_costs, unplaced_layers
from layerscope.session.size.analysis import SizeAnalysis


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
    return LinePart(
        line=cost.line,
        text=cost.text,
        stage=cost.stage,
        layers=None if cost.layers is None else list(cost.layers),
        content_size=cost.content_size,
        dead_size=cost.dead_size,
        cache=None if cost.is_cached is None else cache_word(cached=cost.is_cached),
        cause=cost.cause,
        advice=list(cost.advice),
    )
