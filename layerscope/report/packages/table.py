"""The packages of an image for people: their sizes and layers, what was replaced, and a line for each layer."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TextIO

from layerscope.analysis.packages.by_layer import PackageChangeKind
from layerscope.model.image import Image
from layerscope.report.json_document import NO_LIMIT, Limit
from layerscope.report.tables import (
    LEAST_INSTRUCTION,
    Block,
    Grid,
    GridColumn,
    Line,
    Paragraph,
    instruction_line,
    section,
    show,
)
from layerscope.session.files.packages import ImagePackages
from layerscope.session.summary import layer_title, sbom_sentence
from layerscope.text import human_size, plural, printable_line, printable_path, size_or_blank

CHANGE_STYLES = {
    PackageChangeKind.ADDED: "green",
    PackageChangeKind.UPGRADED: "yellow",
    PackageChangeKind.DOWNGRADED: "yellow",
    PackageChangeKind.REMOVED: "red",
}


def write_packages_tables(image: Image, found: ImagePackages, file: TextIO, limit: Limit = NO_LIMIT) -> None:
    """Print the packages, the largest first, then what layers replaced, then the layers; the ``limit`` is for each."""
    show(_sections(image, found, limit), file)


def packages_tables(image: Image, found: ImagePackages) -> Sequence[Block]:
    """Return all sections; one without rows is left out."""
    return [*_sections(image, found, NO_LIMIT)]


def _sections(image: Image, found: ImagePackages, limit: Limit) -> Iterator[Block]:
    total = human_size(sum(each.size for each in found.packages))
    yield Paragraph(f"{plural(len(found.packages), 'package')} after layer {found.layer}, {total}", "bold")
    if found.packages:
        yield Paragraph()
        yield _packages(found, limit)
    replaced = _replaced(found, limit)
    yield from section("Replaced or removed, and what of it still ships", () if replaced.is_empty else [replaced])
    yield from section("Layers", [_layers(image, found, limit)] if found.events else ())
    for path in found.unread:
        yield Paragraph(f"Not read: {printable_path(path)}.")
    if found.sbom is not None:
        yield Paragraph()
        yield Paragraph(sbom_sentence(found.sbom))


def _packages(found: ImagePackages, limit: Limit) -> Grid:
    figures = (GridColumn(title, is_right=True) for title in ("size", "files", "layer"))
    grid = Grid(*figures, GridColumn("by"), GridColumn("package", is_flexible=True), GridColumn("version"))
    for each, layer in limit(zip(found.packages, found.layers, strict=True)):
        manager, name, version = each.package[:3]
        figures_of = (human_size(each.size), f"{len(each.positions):,}", "" if layer is None else str(layer))
        grid.add_row(*figures_of, manager, printable_line(name), printable_line(version))
    return grid


def _replaced(found: ImagePackages, limit: Limit) -> Grid:
    grid = Grid(
        GridColumn("layer", is_right=True),
        GridColumn("dead", is_right=True),
        GridColumn("by"),
        GridColumn(""),
        GridColumn("package", is_flexible=True),
        GridColumn("version"),
        indent=2,
    )
    for event in limit(found.replaced):
        versions = " → ".join(printable_line(version) for version in (event.before, event.after) if version is not None)
        mark = Line(event.change.mark, CHANGE_STYLES[event.change])
        cells = (str(event.layer), size_or_blank(event.dead_size), event.manager, mark, printable_line(event.name))
        grid.add_row(*cells, versions)
    return grid


def _layers(image: Image, found: ImagePackages, limit: Limit) -> Grid:
    """Return the number of packages that each layer brought (+), changed (↑ ↓) and removed (-), with dead bytes."""
    counts = Counter((event.layer, event.change) for event in found.events)
    shown = [change for change in PackageChangeKind if any(kind is change for _, kind in counts)]
    marks = (GridColumn(change.mark, is_right=True, style=CHANGE_STYLES[change]) for change in shown)
    grid = Grid(
        GridColumn("layer", is_right=True),
        *marks,
        GridColumn("dead", is_right=True),
        GridColumn("instruction", is_flexible=True, least=LEAST_INSTRUCTION),
        indent=2,
    )
    for layer in limit(dict.fromkeys(event.layer for event in found.events)):
        dead = sum(event.dead_size for event in found.events if event.layer == layer)
        numbers = (f"{counts[layer, change]:,}" if counts[layer, change] else "" for change in shown)
        grid.add_row(str(layer), *numbers, size_or_blank(dead), instruction_line(layer_title(image, layer)))
    return grid
