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
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.session.size.report import SizeReport
from layerscope.text import human_share, human_size, path_text, printable_line

_MOST_LAYERS = 20
_MOST_FILES = 10
_MOST_KINDS = 8
"""So many rows of each section are shown, unless all are asked for."""


def write_why_tables(analysis: SizeAnalysis, file: TextIO, *, every: bool = False) -> None:
    """Print the answer; ``every`` row of it, if told."""
    show(why_tables(analysis, every=every), file)


def why_tables(analysis: SizeAnalysis, *, every: bool = False) -> RenderableType:
    """Return all sections."""
    why = analysis.report
    parts: list[RenderableType] = [
        Text(printable_line(why.verdict), "bold", overflow="fold"),
        Text(summary(analysis.image, analysis.tallies), overflow="fold"),
        *(Text(line, "dim", overflow="fold") for line in _remarks(why)),
        *section("Layers, the heaviest first", _layers(analysis, None if every else _MOST_LAYERS)),
        *section("The biggest files of the image", _largest(why, None if every else _MOST_FILES)),
        *dead_section(analysis, every=every),
        *duplicate_section(analysis, every=every),
        *section("By type of file", _types(analysis, None if every else _MOST_KINDS)),
        *section("By package", _packages(analysis, None if every else _MOST_KINDS)),
        *advice_section(analysis, every=every),
    ]
    return Group(*parts)


def _remarks(why: SizeReport) -> Iterator[str]:
    """Yield what is known of the base image, and what is not known of the rest."""
    base = base_line(why)
    if base:
        yield base
    for sentence in why.unknowns:
        yield f"Unknown: {printable_line(sentence)}."


def _layers(analysis: SizeAnalysis, most: int | None) -> Iterator[RenderableType]:
    sizes = analysis.report.layers
    table = figures("", "content", "share", "dead", "hides", "blob", last="instruction")
    for layer_size in sizes[:most]:
        table.add_row(
            str(layer_size.layer),
            human_size(layer_size.content_size),
            human_share(layer_size.content_size, analysis.report.total_size),
            human_size(layer_size.dead_size) if layer_size.dead_size != 0 else "",
            human_size(layer_size.hidden_size) if layer_size.hidden_size != 0 else "",
            human_size(layer_size.blob_size),
            layer_title(analysis.image, layer_size.layer),
        )
    yield table
    yield from remainder(sizes, most, lambda layer_size: layer_size.content_size or 0, "layer")


def _largest(why: SizeReport, most: int | None) -> Iterator[RenderableType]:
    if not why.largest:
        return
    table = figures("size", "layer", last="path")
    for one in why.largest[:most]:
        table.add_row(human_size(one.size), str(one.layer), name_text(path_text(one.path)))
    yield table


def _types(analysis: SizeAnalysis, most: int | None) -> Iterator[RenderableType]:
    sizes = analysis.types.sizes
    if sizes:
        rows = ((each.size, each.files, each.type.value) for each in sizes[:most])
        yield _shares(rows, sum(analysis.report.live.sizes), "type")
        yield from remainder(sizes, most, lambda each: each.size, "type")


def _packages(analysis: SizeAnalysis, most: int | None) -> Iterator[RenderableType]:
    packages = analysis.packages.packages
    if packages:
        rows = (
            (each.size, len(each.places), f"{each.package.name} {each.package.version} ({each.package.manager})")
            for each in packages[:most]
        )
        yield _shares(rows, sum(analysis.report.live.sizes), "package")
        yield from remainder(packages, most, lambda each: each.size, "package")
        yield Text(f"{human_size(analysis.packages.unowned)} belong to no package", "dim")
    for path in analysis.packages.unread:
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
