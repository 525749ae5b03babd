"""The size report for people: secrets, what to change, and where the bytes are."""

from collections.abc import Iterator
from typing import TextIO

from rich.console import Group, RenderableType
from rich.text import Text

from layerscope.report.layers.summary import image_summary
from layerscope.report.size.causes import advice_section, dead_section, secret_section
from layerscope.report.size.cells import table_parts
from layerscope.report.size.columns import (
    duplicate_table,
    file_table,
    layer_table,
    package_table,
    sbom_table,
    type_table,
)
from layerscope.report.tables import section, show
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.session.size.remarks import remarks, sbom_sentence
from layerscope.text import human_size, path_text, printable_line, printable_name

_MOST_LAYERS = 20
_MOST_FILES = 10
_MOST_DUPLICATES = 5
_MOST_SHARES = 8
_MOST_PATHS = 3
"""The rows and paths of each section, unless all are asked for."""


def write_why_tables(analysis: SizeAnalysis, file: TextIO, *, show_all: bool = False) -> None:
    """Print the size report; ``show_all`` prints every row of it."""
    show(why_tables(analysis, show_all=show_all), file)


def why_tables(analysis: SizeAnalysis, *, show_all: bool = False) -> RenderableType:
    """Return all sections."""

    def most(count: int) -> int | None:
        return None if show_all else count

    why = analysis.report
    layers = table_parts(layer_table(analysis, why.layers), most(_MOST_LAYERS))
    types = table_parts(type_table(analysis), most(_MOST_SHARES))
    parts: list[RenderableType] = [
        Text(image_summary(analysis.image, analysis.tallies), overflow="fold"),
        *secret_section(analysis, show_all=show_all),
        *advice_section(analysis, show_all=show_all),
        Text(),
        Text(printable_line(why.verdict), "bold", overflow="fold"),
        *(Text(line, "dim", overflow="fold") for line in remarks(why)),
        *section("Layers, largest first", layers),
        *section("Largest files of the image", table_parts(file_table(analysis), most(_MOST_FILES))),
        *dead_section(analysis, show_all=show_all),
        *_duplicates(analysis, most(_MOST_DUPLICATES), most(_MOST_PATHS)),
        *section("By file type", types),
        *section("By package", _packages(analysis, most(_MOST_SHARES))),
    ]
    return Group(*parts)


def _duplicates(analysis: SizeAnalysis, most: int | None, most_paths: int | None) -> Iterator[RenderableType]:
    total = human_size(sum(duplicate.saves for duplicate in analysis.report.duplicates))
    least = "" if analysis.report.duplicates_complete else " at least"
    parts = table_parts(duplicate_table(analysis), most, most_paths)
    yield from section(f"The same bytes more than once: {total}{least}", parts)


def _packages(analysis: SizeAnalysis, most: int | None) -> Iterator[RenderableType]:
    yield from table_parts(package_table(analysis), most)
    if analysis.packages.packages:
        yield Text(f"{human_size(analysis.packages.unowned)} belong to no package", "dim")
    for path in analysis.packages.unread:
        name = printable_name(path_text(path))
        yield Text(f"the format of the package database {name} is not supported", "dim", overflow="fold")
    if analysis.sbom is not None:
        yield Text(sbom_sentence(analysis.sbom), overflow="fold")
        yield from table_parts(sbom_table(analysis.sbom), most)
