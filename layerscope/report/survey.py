"""The report on a survey, on what its images share, hold and waste: the document, and tables for people."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from msgspec import Struct

from layerscope.report.json_document import NO_LIMIT, Document, Limit, Listing, write_document
from layerscope.report.tables import Block, Grid, GridColumn, Line, Paragraph, show
from layerscope.report.tables import section as titled
from layerscope.report.why_tables import table_parts
from layerscope.session.size.columns import Bar, Cell, Column, Figure, InstructionText, ReportTable, Words
from layerscope.text import human_share, human_size, plural, printable_line, printable_name

if TYPE_CHECKING:
    # duckdb and pyarrow are an extra
    from layerscope.survey.queries import SurveyTables


class SurveySummary(Struct):
    """The sums of all images."""

    images: int
    tags: int
    unreadable: int
    layers: int
    unread_layers: int
    blob_size: int
    shared_size: int
    unshared_size: int
    content_size: int
    wasted_size: int


class RepositoryPart(Struct):
    """The images of a repository."""

    repository: str
    images: int
    tags: int
    charged_size: int
    freed_size: int


class SurveyBasePart(Struct):
    """The images on a base."""

    base: str
    images: int
    charged_size: int


class LabelPart(Struct):
    """The images with a label."""

    label: str
    value: str
    images: int
    charged_size: int


class SurveyTagPart(Struct):
    """A reference to an image, or to one for each of several platforms."""

    reference: str
    platforms: int
    blob_size: int
    freed_size: int


class HeldLayerPart(Struct):
    """A layer that several images hold."""

    diff_id: str
    images: int
    blob_size: int | None
    content_size: int | None
    instruction: str | None


class TwinsPart(Struct):
    """Layers that are the same but for times, by their listing; that their contents are equal is not proved."""

    diff_ids: list[str]
    entries: int
    content_size: int | None
    saves: int | None
    instruction: str | None


class WastingPart(Struct):
    """An instruction whose files no image shows."""

    instruction: str | None
    layers: int
    files: int
    wasted_size: int


class SurveyPackagePart(Struct):
    """A package in one version, with images that have it."""

    manager: str
    name: str
    version: str
    images: int
    references: list[str]


class UnwantedPart(Struct):
    """A path that should be in no image."""

    path: str
    kind: str
    images: int
    layers: int
    example: str


class SurveyReportDocument(Listing, kw_only=True):
    """The whole document."""

    summary: SurveySummary
    repositories: list[RepositoryPart]
    bases: list[SurveyBasePart]
    labels: list[LabelPart]
    tags: list[SurveyTagPart]
    layers: list[HeldLayerPart]
    same_but_for_times: list[TwinsPart]
    instructions: list[WastingPart]
    packages: list[SurveyPackagePart]
    unwanted: list[UnwantedPart]


class SurveyRowsDocument(Document, kw_only=True):
    """The answer to a query."""

    columns: list[str]
    rows: list[list[Any]]


class SurveySection(NamedTuple):
    """A part of the report: its field, which names its question, the struct of a row, columns, the field of the bar."""

    field: str
    part: Callable[..., Any]
    title: str
    lead: str
    columns: tuple[tuple[str, str], ...]
    bar: str = ""


_SECTIONS = (
    SurveySection(
        "repositories",
        RepositoryPart,
        "Repositories",
        "A layer that several images hold is charged to each by its share. Freed is what no other repository holds.",
        (("charged", "charged_size"), ("freed", "freed_size"), ("tags", "tags"), ("repository", "repository")),
        "charged_size",
    ),
    SurveySection(
        "bases",
        SurveyBasePart,
        "Base images",
        "As images name them.",
        (("charged", "charged_size"), ("images", "images"), ("base", "base")),
        "charged_size",
    ),
    SurveySection(
        "labels",
        LabelPart,
        "Labels",
        "An image is charged to each of its labels.",
        (("charged", "charged_size"), ("images", "images"), ("label", "label"), ("value", "value")),
        "charged_size",
    ),
    SurveySection(
        "tags",
        SurveyTagPart,
        "Tags, and what deleting one would free",
        "What no other tag needs: nothing while another one leads to the same image.",
        (("freed", "freed_size"), ("stored", "blob_size"), ("reference", "reference")),
        "freed_size",
    ),
    SurveySection(
        "layers",
        HeldLayerPart,
        "Layers that most images hold",
        "",
        (("images", "images"), ("stored", "blob_size"), ("diff_id", "diff_id"), ("instruction", "instruction")),
        "images",
    ),
    SurveySection(
        "same_but_for_times",
        TwinsPart,
        "Layers that are the same but for times",
        "By listing: equal paths, kinds, sizes, modes, owners and links. That their contents are equal is not proved.",
        (("saves", "saves"), ("entries", "entries"), ("layers", "diff_ids"), ("instruction", "instruction")),
        "saves",
    ),
    SurveySection(
        "instructions",
        WastingPart,
        "Instructions that waste most",
        "Files that none of the images shows that hold their layer; a shared layer counts once.",
        (("wasted", "wasted_size"), ("files", "files"), ("layers", "layers"), ("instruction", "instruction")),
        "wasted_size",
    ),
    SurveySection(
        "packages",
        SurveyPackagePart,
        "Packages",
        "",
        (
            ("images", "images"),
            ("manager", "manager"),
            ("package", "name"),
            ("version", "version"),
            ("for example", "references"),
        ),
        "",
    ),
    SurveySection(
        "unwanted",
        UnwantedPart,
        "Files that should be in no image",
        "Secrets, and leftovers that are known by name.",
        (("images", "images"), ("kind", "kind"), ("path", "path"), ("for example", "example")),
        "",
    ),
)


class SurveyReport(NamedTuple):
    """The answers about a data set; ``spread`` has the bytes of blobs by how many images hold them, 10 for more."""

    summary: SurveySummary
    parts: dict[str, Any]
    spread: list[tuple[int, int]]

    @property
    def sentences(self) -> list[str]:
        """The sums in sentences, with what they leave out."""
        it = self.summary
        stored, shared, saved = map(human_size, (it.blob_size, it.shared_size, it.unshared_size - it.blob_size))
        images, tags, layers = plural(it.images, "image"), plural(it.tags, "tag"), plural(it.layers, "layer")
        total = f"{images} under {tags} store {stored} in {layers}"
        texts = [f"{total}. {shared} of it is held by more than one image; without sharing it would be {saved} more."]
        known = it.layers - it.unread_layers
        if known:
            share = human_share(it.wasted_size, it.content_size)
            texts.append(
                f"{human_size(it.wasted_size)} of {human_size(it.content_size)} of content, {share or '0 %'},"
                " is in files that no image shows."
            )
        if it.unread_layers:
            texts.append(
                f"{plural(it.unread_layers, 'layer')} of {it.layers:,} {'was' if it.unread_layers == 1 else 'were'}"
                " not read: what they hold and waste is not known."
            )
        if it.unreadable:
            texts.append(f"{plural(it.unreadable, 'image')} could not be read: nothing here counts it.")
        return texts


def survey_report(tables: "SurveyTables", limit: Limit = NO_LIMIT) -> SurveyReport:
    """Ask all questions; the limit leaves rows of each part out."""
    summary = SurveySummary(*(int(value) for value in tables.answer("summary")[0]))
    parts = {
        part.field: [part.part(*map(_whole, row)) for row in limit(tables.answer(part.field))] for part in _SECTIONS
    }
    return SurveyReport(summary, parts, [(int(holders), int(size)) for holders, size in tables.answer("spread")])


def _whole(value: object) -> object:
    """Return a share of bytes as whole bytes, and everything else as it is."""
    return round(value) if isinstance(value, (float, Decimal)) else value


def write_survey_report_document(report: SurveyReport, file: TextIO, limit: Limit = NO_LIMIT) -> None:
    """Write the document."""
    write_document(SurveyReportDocument(summary=report.summary, **report.parts), file, limit=limit)


def write_survey_report(report: SurveyReport, most: int, file: TextIO) -> None:
    """Print the sentences and the first rows of each part."""
    parts: list[Block] = [Paragraph(sentence, "bold" if not at else "") for at, sentence in enumerate(report.sentences)]
    for part, table in report_tables(report):
        if table.rows:
            parts += titled(part.title, _blocks(part, table, most))
    show(parts, file)


def _blocks(part: SurveySection, table: ReportTable[Any], most: int) -> Iterator[Block]:
    if part.lead:
        yield Paragraph(part.lead, "dim")
    yield from table_parts(table, most)
    if len(table.rows) > most:
        yield Paragraph(f"and {len(table.rows) - most:,} more (--limit shows them)", "dim")


def report_tables(report: SurveyReport) -> Iterator[tuple[SurveySection, ReportTable[Any]]]:
    """Yield the parts of the report, each with its table."""
    for part in _SECTIONS:
        rows = report.parts[part.field]
        columns = [_column(title, field, rows) for title, field in part.columns]
        if part.bar:
            most = max((getattr(row, part.bar) or 0 for row in rows), default=0) or 1
            columns.insert(1, Column("", Bar, partial(_bar, part.bar, most)))
        yield part, ReportTable(columns, rows, lambda _: 0, None)


def _bar(field: str, most: int, row: Any) -> Cell:
    return Bar((getattr(row, field) or 0) / most, 0)


def _column(title: str, field: str, rows: Sequence[Any]) -> Column[Any]:
    is_figure = any(isinstance(getattr(row, field), int) for row in rows)
    kind: type[Cell] = Figure if is_figure else InstructionText if field == "instruction" else Words
    return Column(title, kind, lambda row: _cell(getattr(row, field), field, kind), len("1,000 kB") if is_figure else 0)


def _cell(value: Any, field: str, kind: type[Cell]) -> Cell:
    if kind is Figure:
        return Figure(human_size(value) if field.endswith("_size") or field == "saves" else f"{value:,}")
    if isinstance(value, list):
        first = printable_name(value[0].removeprefix("sha256:")[:40]) if value else ""
        value = f"{first} and {len(value) - 1:,} more" if len(value) > 1 else first
    elif field == "diff_id":
        value = value.rpartition(":")[2][:12]
    text = printable_line(value) if value else "(none)"
    return InstructionText(text) if kind is InstructionText else Words(text)


def write_rows(columns: Sequence[str], rows: Iterable[Sequence[Any]], file: TextIO) -> None:
    """Print the answer to a query."""
    rows = list(rows)
    kinds = [any(isinstance(row[at], (int, float, Decimal)) for row in rows) for at in range(len(columns))]
    grid = Grid(
        *(
            GridColumn(printable_name(name), is_right=is_number, is_flexible=not is_number)
            for name, is_number in zip(columns, kinds, strict=True)
        )
    )
    for row in rows:
        grid.add_row(*(Line("" if value is None else printable_line(str(value)), is_folded=True) for value in row))
    show([grid], file)


def write_rows_document(columns: list[str], rows: Iterable[Sequence[Any]], file: TextIO) -> None:
    """Write the answer to a query as a document."""
    write_document(SurveyRowsDocument(columns=columns, rows=[list(map(_plain, row)) for row in rows]), file)


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; a number that programs would round is a text."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return list(map(_plain, value))
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else str(value)
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)
