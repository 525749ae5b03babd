"""The tables of a size report, the same on a screen, in HTML and in Markdown: titles, cells and their order.

A cell says what it holds; each format decides how that is written.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from layerscope.analysis.advice.secrets import Secret
from layerscope.analysis.file_types.sizes import TypeSize
from layerscope.analysis.packages.by_layer import PackageChangeKind, PackageEvent
from layerscope.analysis.packages.sbom import SbomComparison, SbomDifference
from layerscope.analysis.packages.sizes import MANAGERS
from layerscope.analysis.size.dead import DeadEntry, DeadGroup, DeadReason, dead_groups
from layerscope.analysis.size.directories import DirectoryRow
from layerscope.analysis.size.duplicates import Duplicate
from layerscope.analysis.size.layers_and_files import LayerSize
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.session.size.remarks import reason_label, sbom_version
from layerscope.session.summary import layer_title
from layerscope.text import human_share, human_size, printable_line, printable_name, size_or_blank

Row = TypeVar("Row")

_SIZE_WIDTH, _SHARE_WIDTH = len("1.2 MiB"), len("<0.1 %")
_REASON_WIDTH = max(map(len, map(reason_label, (*DeadReason, None))))
_MANAGER_WIDTH = max(len(manager.name) for manager in MANAGERS)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its unit, aligned to the right."""

    text: str


@dataclass(frozen=True, slots=True)
class Words:
    """Text that is safe for a screen."""

    text: str


@dataclass(frozen=True, slots=True)
class Name(Words):
    """The name of a file or folder: where there is little room, its end says as much as its start."""


@dataclass(frozen=True, slots=True)
class InstructionText:
    """The instruction of a layer, safe for a screen."""

    text: str


@dataclass(frozen=True, slots=True)
class Paths:
    """Paths in the image, relative, as they are."""

    paths: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Bar:
    """Live and dead bytes as shares of a full bar; formats without graphics leave the column out."""

    live: float
    dead: float


Cell = Figure | Words | InstructionText | Paths | Bar


class Column(NamedTuple, Generic[Row]):
    """One column: its title, its cell in each row, and the width that no cell exceeds (0: unknown).

    A screen leaves a column with ``is_detail`` to the details of the row under the cursor.
    """

    title: str
    kind: type[Figure | Words | InstructionText | Paths | Bar]
    cell: Callable[[Row], Cell]
    width: int = 0
    is_detail: bool = False


class ReportTable(NamedTuple, Generic[Row]):
    """A table without regard to its format.

    ``size`` gives the bytes of a row, ``noun`` names one where rows are left out and summed up; None: not summed up.
    """

    columns: Sequence[Column[Row]]
    rows: Sequence[Row]
    size: Callable[[Row], int]
    noun: str | None

    def without_bars(self) -> Sequence[Column[Row]]:
        """Return the columns for a format without graphics."""
        return [column for column in self.columns if column.kind is not Bar]


class SizedFile(NamedTuple):
    """A file of a list: ``layer`` wrote it, and ``hidden_by`` hid it for a reason if it is dead."""

    node: int
    size: int
    layer: int
    hidden_by: int | None = None
    reason: DeadReason | None = None


def dead_file(entry: DeadEntry) -> SizedFile:
    """Return a dead file as the row of a table."""
    return SizedFile(entry.node, entry.size, entry.writer, entry.hidden_by, entry.reason)


class PackageRow(NamedTuple):
    """A package, the ``layer`` that brought it and how, and how the SBOM differs in it if it does.

    One that only the SBOM lists has no size and no files. That of an ``event`` was replaced or removed: its size is the
    dead bytes of it.
    """

    manager: str
    name: str
    version: str
    size: int | None
    files: int | None
    difference: SbomDifference | None = None
    layer: int | None = None
    change: PackageChangeKind | None = None
    event: PackageEvent | None = None

    @property
    def text(self) -> str:
        return f"{self.name} {self.version}"

    @property
    def dead_size(self) -> int:
        """The bytes of the row that are dead."""
        return self.event.dead_size if self.event else 0


def layer_table(analysis: SizeAnalysis, sizes: Sequence[LayerSize]) -> ReportTable[LayerSize]:
    """Return the layers with what each holds, what of it is dead, and what it hides."""
    largest = max((layer_size.content_size or 0 for layer_size in sizes), default=0)
    columns: list[Column[LayerSize]] = [
        _count("layer", lambda row: row.layer, len(sizes)),
        _bar(largest, lambda row: row.content_size or 0, lambda row: row.dead_size or 0),
        _size("content", lambda row: row.content_size),
        _share(lambda row: row.content_size, analysis.report.total_size),
        _size("dead", lambda row: row.dead_size, size_or_blank),
        _size("hides", lambda row: row.hides_size, size_or_blank),
        _size("stored", lambda row: row.blob_size),
        _instruction("instruction", analysis, lambda row: row.layer),
    ]
    return ReportTable(columns, sizes, lambda row: row.content_size or 0, "layer")


def directory_table(analysis: SizeAnalysis, folder: int) -> ReportTable[int]:
    """Return the nodes right below a folder, those with the most bytes first, live and dead ones together."""
    sizes = analysis.directories
    nodes, whole = sorted(sizes.nodes(folder), key=lambda node: -sizes.all_bytes(node)), sizes.row(folder)
    largest = sizes.all_bytes(nodes[0]) if nodes else 0
    columns: list[Column[int]] = [
        _size("size", sizes.size, size_or_blank),
        _share(lambda node: sizes.size(node) or None, whole.size),
        _bar(largest, sizes.all_bytes, sizes.dead),
        _size("dead", sizes.dead, size_or_blank),
        _count("files", lambda node: sizes.row(node).files, whole.files),
        Column[int]("name", Name, lambda node: Name(directory_name(sizes.row(node)))),
    ]
    return ReportTable(columns, nodes, sizes.size, "entry")


def directory_name(row: DirectoryRow) -> str:
    """Return the name of a file, or of a folder with a slash, safe for a screen."""
    return printable_name(row.name) + ("/" if row.is_directory else "")


def file_table(analysis: SizeAnalysis, files: Iterable[SizedFile]) -> ReportTable[SizedFile]:
    """Return files, the largest first, with what hid those of them that are dead; empty ones are left out."""
    rows = sorted((file for file in files if file.size), key=lambda file: (-file.size, file.node))
    path, layers = analysis.tree.index.path, len(analysis.image.layers)
    has_dead = any(file.hidden_by for file in rows)
    hidden: list[Column[SizedFile]] = [
        _words("reason", lambda row: reason_label(row.reason) if row.hidden_by else "", _REASON_WIDTH, is_detail=True),
        _count("hid", lambda row: row.hidden_by, layers),
    ]
    columns: list[Column[SizedFile]] = [
        _size("size", lambda row: row.size),
        _bar(rows[0].size if rows else 0, lambda row: row.size, lambda row: row.size if row.hidden_by else 0),
        _count("layer", lambda row: row.layer, layers),
        *(hidden if has_dead else []),
        Column[SizedFile]("path", Paths, lambda row: Paths([path(row.node)])),
    ]
    return ReportTable(columns, rows, lambda row: row.size, "file")


def largest_files(analysis: SizeAnalysis) -> ReportTable[SizedFile]:
    """Return the largest files of the final image."""
    files = (SizedFile(file.node, file.size, file.layer) for file in analysis.report.largest)
    return file_table(analysis, files)._replace(noun=None)


def duplicate_table(analysis: SizeAnalysis, duplicates: Sequence[Duplicate]) -> ReportTable[Duplicate]:
    """Return the same bytes at several paths, the most expensive first."""
    path = analysis.tree.index.path
    columns: list[Column[Duplicate]] = [
        _size("costs", lambda row: row.saves),
        _bar(max((row.saves for row in duplicates), default=0), lambda row: row.saves),
        _size("size", lambda row: row.size),
        _count("copies", lambda row: len(row.nodes), max((len(row.nodes) for row in duplicates), default=0)),
        Column[Duplicate]("paths", Paths, lambda row: Paths([*map(path, row.nodes)])),
    ]
    return ReportTable(columns, duplicates, lambda row: row.saves, "duplicate")


def type_table(analysis: SizeAnalysis) -> ReportTable[TypeSize]:
    """Return the file types of the final image, the largest first."""
    sizes = analysis.types.sizes
    columns: list[Column[TypeSize]] = [
        _size("size", lambda row: row.size),
        _share(lambda row: row.size, sum(analysis.report.live.sizes)),
        _bar(max((row.size for row in sizes), default=0), lambda row: row.size),
        _count("files", lambda row: row.files, max((row.files for row in sizes), default=0)),
        _words("type", lambda row: row.type.value),
    ]
    return ReportTable(columns, sizes, lambda row: row.size, "type")


def package_table(analysis: SizeAnalysis, *, is_whole: bool = False) -> ReportTable[PackageRow]:
    """Return the packages of the final image, the largest first, with the layer that brought each.

    Those that only the SBOM lists, and then those that a layer replaced or removed, come last in the ``is_whole`` one.
    """
    differences, found = analysis.sbom.differences if analysis.sbom else (), analysis.packages_by_layer
    differing = {(each.manager, each.name, each.found): each for each in differences}
    changes = {(event.layer, event.manager, event.name, event.after): event.change for event in found.events}
    rows = [
        PackageRow(
            *each.package[:3],
            each.size,
            len(each.positions),
            differing.get(each.package[:3]),
            layer,
            None if layer is None else changes.get((layer, *each.package[:3])),
        )
        for each, layer in zip(found.packages, found.layers, strict=True)
    ]
    if is_whole:
        listed = (each for each in differences if each.found is None)
        rows += [PackageRow(each.manager, each.name, each.stated or "", None, None, each) for each in listed]
        rows += [_replaced(event) for event in found.replaced]
    layers = len(analysis.image.layers)
    columns: list[Column[PackageRow]] = [
        _size("size", lambda row: row.size, lambda size: "" if size is None else human_size(size)),
        _share(lambda row: None if row.event else row.size, sum(analysis.report.live.sizes)),
        _bar(max((row.size or 0 for row in rows), default=0), lambda row: row.size or 0, lambda row: row.dead_size),
        _count("files", lambda row: row.files, max((row.files or 0 for row in rows), default=0)),
        _count("layer", lambda row: row.layer, layers),
        _words("", lambda row: row.change.mark if row.change else "", 1),
        _words("by", lambda row: row.manager, _MANAGER_WIDTH),
        *([_words("SBOM", _in_sbom, len("other"))] if is_whole and analysis.sbom is not None else []),
        _words("package", lambda row: printable_line(row.text)),
    ]
    return ReportTable(columns, rows, lambda row: row.size or 0, "package")


def _replaced(event: PackageEvent) -> PackageRow:
    versions = " → ".join(filter(None, (event.before, event.after)))
    figures = event.dead_size, len(event.dead)
    return PackageRow(event.manager, event.name, versions, *figures, None, event.layer, event.change, event)


def _in_sbom(row: PackageRow) -> str:
    if row.event is not None:
        return ""
    if row.difference is None:
        return "yes"
    if row.size is None:
        return "only"
    return "no" if row.difference.stated is None else "other"


def sbom_table(sbom: SbomComparison) -> ReportTable[SbomDifference]:
    """Return the packages in which the SBOM and the image differ."""
    columns: list[Column[SbomDifference]] = [
        _words("by", lambda row: row.manager, _MANAGER_WIDTH),
        _words("package", lambda row: printable_line(row.name)),
        _words("in the SBOM", lambda row: sbom_version(row.stated)),
        _words("in the image", lambda row: sbom_version(row.found)),
    ]
    return ReportTable(columns, sbom.differences, lambda _: 0, "difference")


def dead_table(analysis: SizeAnalysis) -> ReportTable[DeadGroup]:
    """Return the causes of dead bytes, the largest first."""
    groups, layers = dead_groups(analysis.report.dead.entries), len(analysis.image.layers)
    largest = max((group.size for group in groups), default=0)
    reasons = max((len(reason_label(group.reason)) for group in groups), default=0)
    columns: list[Column[DeadGroup]] = [
        _size("size", lambda row: row.size),
        _bar(largest, lambda row: row.size, lambda row: row.size),
        _count("files", lambda row: len(row.entries), max((len(group.entries) for group in groups), default=0)),
        _words("reason", lambda row: reason_label(row.reason), reasons),
        _count("wrote", lambda row: row.writer, layers),
        _count("hid", lambda row: row.hidden_by, layers),
        _instruction("written by", analysis, lambda row: row.writer),
        _instruction("hidden by", analysis, lambda row: row.hidden_by, is_detail=True),
        Column[DeadGroup]("largest", Paths, lambda row: Paths([each.path for each in row.entries]), is_detail=True),
    ]
    return ReportTable(columns, groups, lambda row: row.size, "cause")


def secret_table(analysis: SizeAnalysis) -> ReportTable[Secret]:
    """Return the secrets, by layer."""
    secrets, layers = analysis.report.secrets, len(analysis.image.layers)
    columns: list[Column[Secret]] = [
        _count("layer", lambda row: row.layer, layers),
        _count("removed in", lambda row: row.removed_in, layers),
        _words("secret", lambda row: row.kind.words, max((len(each.kind.words) for each in secrets), default=0)),
        Column[Secret]("path", Paths, lambda row: Paths([row.path])),
        _instruction("instruction", analysis, lambda row: row.layer, is_detail=True),
    ]
    return ReportTable(columns, secrets, lambda row: row.size, "secret")


def _size(title: str, size: Callable[[Row], int | None], text: Callable[[int | None], str] = human_size) -> Column[Row]:
    return Column(title, Figure, lambda row: Figure(text(size(row))), _SIZE_WIDTH)


def _share(part: Callable[[Row], int | None], whole: int | None) -> Column[Row]:
    return Column("share", Figure, lambda row: Figure(human_share(part(row), whole)), _SHARE_WIDTH)


def _count(title: str, count: Callable[[Row], int | None], largest: int) -> Column[Row]:
    """Return a column of numbers up to the largest one, blank where there is none."""

    def cell(row: Row) -> Figure:
        number = count(row)
        return Figure("" if number is None else f"{number:,}")

    return Column(title, Figure, cell, len(f"{largest:,}"))


def _words(title: str, words: Callable[[Row], str], width: int = 0, *, is_detail: bool = False) -> Column[Row]:
    return Column(title, Words, lambda row: Words(words(row)), width, is_detail)


def _instruction(
    title: str, analysis: SizeAnalysis, layer: Callable[[Row], int], *, is_detail: bool = False
) -> Column[Row]:
    image = analysis.image
    return Column(title, InstructionText, lambda row: InstructionText(layer_title(image, layer(row))), 0, is_detail)


def _bar(largest: int, size: Callable[[Row], int], dead: Callable[[Row], int] = lambda _: 0) -> Column[Row]:
    """Return a column of bars, which the largest size fills."""
    full = largest or 1
    return Column("", Bar, lambda row: Bar((size(row) - dead(row)) / full, dead(row) / full))
