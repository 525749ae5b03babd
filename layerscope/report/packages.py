"""The packages after a layer, and what each layer did to them: a document, and tables for people."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

from msgspec import Struct

from layerscope.analysis.packages.by_layer import PackageChangeKind
from layerscope.analysis.packages.sbom import SbomDifference
from layerscope.model.image import Image
from layerscope.report.json_document import NO_LIMIT, Limit, Listing, write_document
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
from layerscope.text import human_size, path_text, plural, printable_line, printable_path, size_or_blank


class PackagePart(Struct):
    """A package; ``layer`` brought this version, and is null if its database could not be read there.

    Each file belongs to one package.
    """

    manager: str
    name: str
    version: str
    size: int
    files: int
    layer: int | None


class PackageEventPart(Struct):
    """A change that a layer made to a package; ``dead_size`` are bytes of it that the layer hid and that still ship."""

    layer: int
    instruction: str | None
    manager: str
    name: str
    change: str
    before: str | None
    after: str | None
    dead_size: int


class NamedPackagePart(Struct):
    """A package that either the SBOM names or the image has; the SBOM may name one without its version."""

    manager: str
    name: str
    version: str


class PackageSbomPart(Struct):
    """The packages in which the SBOM and the image differ; ``not_compared``: numbers of packages by their type."""

    format: str | None
    only_named: list[NamedPackagePart]
    only_seen: list[NamedPackagePart]
    not_compared: dict[str, int]


class PackagesDocument(Listing, kw_only=True):
    """The whole document; ``unread`` are databases that were not read."""

    layer: int
    packages: list[PackagePart]
    events: list[PackageEventPart]
    sbom: PackageSbomPart | None
    unread: list[str]


def write_packages_document(image: Image, found: ImagePackages, file: TextIO, limit: Limit = NO_LIMIT) -> None:
    """Write the document; the packages are sorted by size, the events by layer. The ``limit`` is that of each list."""
    document = PackagesDocument(
        layer=found.layer,
        packages=list(limit(package_parts(found))),
        events=list(limit(event_parts(image, found))),
        sbom=_sbom_part(image, found, limit),
        unread=[path_text(path) for path in found.unread],
    )
    write_document(document, file, limit=limit)


def package_parts(found: ImagePackages) -> list[PackagePart]:
    """Return the packages, the largest first."""
    return [
        PackagePart(*each.package[:3], each.size, len(each.positions), layer)
        for each, layer in zip(found.packages, found.layers, strict=True)
    ]


def event_parts(image: Image, found: ImagePackages) -> list[PackageEventPart]:
    """Return the events, base first."""
    parts = list[PackageEventPart]()
    for event in found.events:
        subject = event.layer, image.step(event.layer).instruction, event.manager, event.name
        parts.append(PackageEventPart(*subject, event.change.value, event.before, event.after, event.dead_size))
    return parts


def _sbom_part(image: Image, found: ImagePackages, limit: Limit) -> PackageSbomPart | None:
    if found.sbom is None:
        return None
    kinds = " ".join(image.attestations.kinds).lower()
    return PackageSbomPart(
        format=next((name for name in ("spdx", "cyclonedx") if name in kinds), None),
        only_named=list(limit(_named((each, each.stated) for each in found.sbom.differences))),
        only_seen=list(limit(_named((each, each.found) for each in found.sbom.differences))),
        not_compared=dict(sorted(found.sbom.not_compared.items())),
    )


def _named(differences: Iterable[tuple[SbomDifference, str | None]]) -> list[NamedPackagePart]:
    return [NamedPackagePart(each.manager, each.name, version) for each, version in differences if version is not None]


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
