"""The tables of a size report, the same on a screen, in HTML and in Markdown: titles, cells and their order.

A cell says what it holds; each format decides how that is written.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from layerscope.analysis.packages.sbom import SbomComparison, SbomDifference
from layerscope.analysis.size.duplicates import Duplicate
from layerscope.analysis.size.layers_and_files import LargeFile, LayerSize
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.session.size.remarks import package_label, sbom_version
from layerscope.session.summary import layer_title
from layerscope.text import human_share, human_size, printable_line, size_or_blank

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its unit, aligned to the right."""

    text: str


@dataclass(frozen=True, slots=True)
class Words:
    """Text that is safe for a screen."""

    text: str


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
    """One column: its title, and its cell in each row."""

    title: str
    kind: type[Figure | Words | InstructionText | Paths | Bar]
    cell: Callable[[Row], Cell]


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


@dataclass(frozen=True, slots=True)
class GroupSize:
    """Bytes and files of one type or package."""

    name: str
    size: int
    files: int


def layer_table(analysis: SizeAnalysis, sizes: Sequence[LayerSize]) -> ReportTable[LayerSize]:
    """Return the layers with what each holds, what of it is dead, and what it hides."""
    image, total = analysis.image, analysis.report.total_size
    largest = max((layer_size.content_size or 0 for layer_size in sizes), default=0) or 1

    def bar(layer_size: LayerSize) -> Bar:
        size, dead = layer_size.content_size or 0, layer_size.dead_size or 0
        return Bar((size - dead) / largest, dead / largest)

    columns = (
        Column[LayerSize]("", Figure, lambda row: Figure(str(row.layer))),
        Column[LayerSize]("", Bar, bar),
        Column[LayerSize]("content", Figure, lambda row: Figure(human_size(row.content_size))),
        Column[LayerSize]("share", Figure, lambda row: Figure(human_share(row.content_size, total))),
        Column[LayerSize]("dead", Figure, lambda row: Figure(size_or_blank(row.dead_size))),
        Column[LayerSize]("hides", Figure, lambda row: Figure(size_or_blank(row.hides_size))),
        Column[LayerSize]("blob", Figure, lambda row: Figure(human_size(row.blob_size))),
        Column[LayerSize]("instruction", InstructionText, lambda row: InstructionText(layer_title(image, row.layer))),
    )
    return ReportTable(columns, sizes, lambda row: row.content_size or 0, "layer")


def file_table(analysis: SizeAnalysis) -> ReportTable[LargeFile]:
    """Return the largest files of the final image."""
    columns = (
        Column[LargeFile]("size", Figure, lambda row: Figure(human_size(row.size))),
        Column[LargeFile]("layer", Figure, lambda row: Figure(str(row.layer))),
        Column[LargeFile]("path", Paths, lambda row: Paths([row.path])),
    )
    return ReportTable(columns, analysis.report.largest, lambda row: row.size, None)


def duplicate_table(analysis: SizeAnalysis) -> ReportTable[Duplicate]:
    """Return the live duplicates, the most expensive first."""
    index = analysis.tree.index
    columns = (
        Column[Duplicate]("costs", Figure, lambda row: Figure(human_size(row.saves))),
        Column[Duplicate]("size", Figure, lambda row: Figure(human_size(row.size))),
        Column[Duplicate]("copies", Figure, lambda row: Figure(f"{len(row.nodes):,}")),
        Column[Duplicate]("paths", Paths, lambda row: Paths([*map(index.path, row.nodes)])),
    )
    return ReportTable(columns, analysis.report.duplicates, lambda row: row.saves, "duplicate")


def type_table(analysis: SizeAnalysis) -> ReportTable[GroupSize]:
    """Return the file types of the final image, the largest first."""
    shares = [GroupSize(each.type.value, each.size, each.files) for each in analysis.types.sizes]
    return _share_table(analysis, shares, "type")


def package_table(analysis: SizeAnalysis) -> ReportTable[GroupSize]:
    """Return the packages of the final image, the largest first."""
    shares = [
        GroupSize(
            package_label(each.package.manager, each.package.name, each.package.version), each.size, len(each.positions)
        )
        for each in analysis.packages.packages
    ]
    return _share_table(analysis, shares, "package")


def sbom_table(sbom: SbomComparison) -> ReportTable[SbomDifference]:
    """Return the packages in which the SBOM and the image differ."""
    columns = (
        Column[SbomDifference]("by", Words, lambda row: Words(row.manager)),
        Column[SbomDifference]("package", Words, lambda row: Words(printable_line(row.name))),
        Column[SbomDifference]("in the SBOM", Words, lambda row: Words(sbom_version(row.stated))),
        Column[SbomDifference]("in the image", Words, lambda row: Words(sbom_version(row.found))),
    )
    return ReportTable(columns, sbom.differences, lambda _: 0, "difference")


def _share_table(analysis: SizeAnalysis, shares: Sequence[GroupSize], noun: str) -> ReportTable[GroupSize]:
    live = sum(analysis.report.live.sizes)
    largest = max((share.size for share in shares), default=0) or 1
    columns = (
        Column[GroupSize]("size", Figure, lambda row: Figure(human_size(row.size))),
        Column[GroupSize]("share", Figure, lambda row: Figure(human_share(row.size, live))),
        Column[GroupSize]("", Bar, lambda row: Bar(row.size / largest, 0)),
        Column[GroupSize]("files", Figure, lambda row: Figure(f"{row.files:,}")),
        Column[GroupSize](noun, Words, lambda row: Words(row.name)),
    )
    return ReportTable(columns, shares, lambda row: row.size, noun)
