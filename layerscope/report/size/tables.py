"""What made the image large, for people: the verdict first, then where the bytes are, then what to change."""

from collections.abc import Iterable, Iterator
from typing import TextIO

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from layerscope.report.layers.table import summary
from layerscope.report.size.base_line import base_line
from layerscope.report.size.causes import advice_section, dead_section, duplicate_section
from layerscope.report.size.rows import figures, layer_title, name_text, remainder, section
from layerscope.report.tables import show
from layerscope.session.size.analysis import Weighing
from layerscope.session.size.report import WhyReport
from layerscope.text import human_share, human_size, path_text, printable_line

_MOST_LAYERS = 20
_MOST_FILES = 10
_MOST_KINDS = 8
"""So many rows of each section are shown, unless all are asked for."""


def write_why_tables(weighing: Weighing, file: TextIO, *, every: bool = False) -> None:
    """Print the answer; ``every`` row of it, if told."""
    show(why_tables(weighing, every=every), file)


def why_tables(weighing: Weighing, *, every: bool = False) -> RenderableType:
    """Return all sections."""
    why = weighing.why
    parts: list[RenderableType] = [
        Text(printable_line(why.verdict), "bold", overflow="fold"),
        Text(summary(weighing.image, weighing.tallies), overflow="fold"),
        *(Text(line, "dim", overflow="fold") for line in _remarks(why)),
        *section("Layers, the heaviest first", _layers(weighing, None if every else _MOST_LAYERS)),
        *section("The biggest files of the image", _largest(why, None if every else _MOST_FILES)),
        *dead_section(weighing, every=every),
        *duplicate_section(weighing, every=every),
        *section("By type of file", _types(weighing, None if every else _MOST_KINDS)),
        *section("By package", _packages(weighing, None if every else _MOST_KINDS)),
        *advice_section(weighing, every=every),
    ]
    return Group(*parts)


def _remarks(why: WhyReport) -> Iterator[str]:
    """Yield what is known of the base image, and what is not known of the rest."""
    base = base_line(why)
    if base:
        yield base
    for sentence in why.unknowns:
        yield f"Unknown: {printable_line(sentence)}."


def _layers(weighing: Weighing, most: int | None) -> Iterator[RenderableType]:
    weights = weighing.why.layers
    table = figures("", "content", "share", "dead", "hides", "blob", last="instruction")
    for weight in weights[:most]:
        table.add_row(
            str(weight.layer),
            human_size(weight.content_size),
            human_share(weight.content_size, weighing.why.total_size),
            human_size(weight.dead_size) if weight.dead_size != 0 else "",
            human_size(weight.killed_size) if weight.killed_size != 0 else "",
            human_size(weight.blob_size),
            layer_title(weighing.image, weight.layer),
        )
    yield table
    yield from remainder(weights, most, lambda weight: weight.content_size or 0, "layer")


def _largest(why: WhyReport, most: int | None) -> Iterator[RenderableType]:
    if not why.largest:
        return
    table = figures("size", "layer", last="path")
    for one in why.largest[:most]:
        table.add_row(human_size(one.size), str(one.layer), name_text(path_text(one.path)))
    yield table


def _types(weighing: Weighing, most: int | None) -> Iterator[RenderableType]:
    weights = weighing.types.weights
    if weights:
        rows = ((each.size, each.files, each.type.value) for each in weights[:most])
        yield _shares(rows, sum(weighing.why.live.sizes), "type")
        yield from remainder(weights, most, lambda each: each.size, "type")


def _packages(weighing: Weighing, most: int | None) -> Iterator[RenderableType]:
    packages = weighing.packages.packages
    if packages:
        rows = (
            (each.size, len(each.places), f"{each.package.name} {each.package.version} ({each.package.manager})")
            for each in packages[:most]
        )
        yield _shares(rows, sum(weighing.why.live.sizes), "package")
        yield from remainder(packages, most, lambda each: each.size, "package")
        yield Text(f"{human_size(weighing.packages.unowned)} belong to no package", "dim")
    for path in weighing.packages.unread:
        yield (
            Text("the package database ", "dim", overflow="fold")
            .append(name_text(path_text(path)))
            .append(" is of a kind that is not read")
        )


def _shares(rows: Iterable[tuple[int, int, str]], whole: int, last: str) -> Table:
    table = figures("size", "share", "files", last=last)
    for size, files, name in rows:
        table.add_row(human_size(size), human_share(size, whole), f"{files:,}", Text(printable_line(name)))
    return table
