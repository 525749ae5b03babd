"""The size report for people: secrets, what to change, and where the bytes are."""

from collections.abc import Callable, Iterator, Sequence
from typing import TextIO

from msgspec.structs import replace

from layerscope.analysis.advice.advice import Advice
from layerscope.analysis.advice.edits import CHANGE_ABOVE, changed_lines
from layerscope.analysis.advice.secrets import REMEDY, Secret
from layerscope.analysis.size.dead import DeadGroup, dead_groups
from layerscope.report.packages import packages_tables
from layerscope.report.tables import (
    LEAST_INSTRUCTION,
    Block,
    Grid,
    GridColumn,
    Line,
    Paragraph,
    instruction_line,
    name_line,
    remainder,
    section,
    show,
)
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.session.size.columns import (
    Bar,
    Cell,
    Column,
    Figure,
    InstructionText,
    Paths,
    ReportTable,
    Row,
    Words,
    duplicate_table,
    largest_files,
    layer_table,
    package_table,
    sbom_table,
    type_table,
)
from layerscope.session.size.remarks import (
    no_advice_sentence,
    reason_label,
    reasons_line,
    remarks,
    size_sentence,
)
from layerscope.session.summary import image_summary, layer_title, sbom_sentence
from layerscope.text import human_share, human_size, path_text, plural, printable_line, printable_path

_MOST_LAYERS = 20
_MOST_FILES = 10
_MOST_DUPLICATES = 5
_MOST_SHARES = 8
_MOST_GROUPS = 10
_MOST_SECRETS = 20
_MOST_PATHS = 3
"""The rows and paths of each section, unless all are asked for."""

Most = Callable[[int], int | None]
"""Returns how many of a number of rows are shown; None for all."""

_NEEDED = 2
"""The first columns are never left out: the number of a layer and its size, for example."""

_INDENT = 2


def write_why_tables(
    analysis: SizeAnalysis,
    file: TextIO,
    *,
    show_all: bool = False,
    all_packages: bool = False,
    limit: int | None = None,
) -> None:
    """Print the size report; ``show_all`` prints every row of it, ``all_packages`` all about packages.

    With a ``limit``, each section has at most that number of rows.
    """
    packages = packages_tables(analysis.image, analysis.packages_by_layer) if all_packages else ()
    show([*why_tables(analysis, show_all=show_all, limit=limit), *([Paragraph()] if packages else []), *packages], file)


def why_tables(analysis: SizeAnalysis, *, show_all: bool = False, limit: int | None = None) -> Sequence[Block]:
    """Return all sections."""

    def most(count: int) -> int | None:
        return limit or (None if show_all else count)

    why = analysis.report
    layers = table_parts(layer_table(analysis, why.layers), most(_MOST_LAYERS))
    types = table_parts(type_table(analysis), most(_MOST_SHARES))
    return [
        Paragraph(image_summary(analysis.image, analysis.tallies)),
        *_secret_section(analysis, most),
        *_advice_section(analysis, most),
        Paragraph(),
        Paragraph(printable_line(why.verdict), "bold"),
        *(Paragraph(line, "dim") for line in remarks(why)),
        *section("Layers, largest first", layers),
        *section("Largest files of the image", table_parts(largest_files(analysis), most(_MOST_FILES))),
        *_dead_section(analysis, most),
        *_duplicates(analysis, most(_MOST_DUPLICATES), most(_MOST_PATHS)),
        *section("By file type", types),
        *section("By package", _packages(analysis, most(_MOST_SHARES))),
    ]


def _duplicates(analysis: SizeAnalysis, most: int | None, most_paths: int | None) -> Iterator[Block]:
    total = human_size(sum(duplicate.saves for duplicate in analysis.report.duplicates))
    least = "" if analysis.report.duplicates_complete else " at least"
    parts = table_parts(duplicate_table(analysis, analysis.report.duplicates), most, most_paths)
    yield from section(f"The same bytes more than once: {total}{least}", parts)


def _packages(analysis: SizeAnalysis, most: int | None) -> Iterator[Block]:
    yield from table_parts(package_table(analysis), most)
    if analysis.packages.packages:
        yield Paragraph(f"{human_size(analysis.packages.unowned)} belong to no package", "dim")
    for path in analysis.packages.unread:
        name = printable_path(path)
        yield Paragraph(f"the format of the package database {name} is not supported", "dim")
    if analysis.sbom is not None:
        yield Paragraph(sbom_sentence(analysis.sbom))
        yield from table_parts(sbom_table(analysis.sbom), most)


def _secret_section(analysis: SizeAnalysis, most: Most) -> Iterator[Block]:
    """Yield the secrets with the instructions of their layers."""
    secrets = analysis.report.secrets
    shown = secrets[: most(_MOST_SECRETS)]
    parts = [part for secret in shown for part in _secret(analysis, secret)]
    if len(shown) < len(secrets):
        parts.append(Paragraph(f"and {plural(len(secrets) - len(shown), 'more secret')} (--all shows them)", "dim"))
    yield from section("Secrets", parts)


def _secret(analysis: SizeAnalysis, secret: Secret) -> Iterator[Block]:
    yield Paragraph(f"layer {secret.layer}: {secret.kind.words}", "bold red")
    body = Grid(GridColumn("", is_flexible=True), indent=_INDENT)
    body.add_row(name_line(path_text(secret.path)))
    body.add_row(instruction_line(layer_title(analysis.image, secret.layer)))
    body.add_row(Line(f"{secret.fate} {REMEDY}", is_folded=True))
    yield body


def _dead_section(analysis: SizeAnalysis, most: Most) -> Iterator[Block]:
    """Yield the dead bytes by the layer that wrote them, the layer that hid them and the reason."""
    why = analysis.report
    groups = dead_groups(why.dead.entries)
    total = human_size(why.dead_size) if why.dead_size is not None else f"{human_size(why.dead.total)} at least"
    most_groups = most(_MOST_GROUPS)
    parts = [part for group in groups[:most_groups] for part in _dead_group(analysis, group, most)]
    parts += remainder(groups, most_groups, lambda group: group.size, "cause")
    yield from section(f"Dead bytes: {total}, {reasons_line(why)}", parts)


def _dead_group(analysis: SizeAnalysis, group: DeadGroup, most: Most) -> Iterator[Block]:
    yield Paragraph(
        f"{human_size(group.size)} {reason_label(group.reason)}, {plural(len(group.entries), 'file')}", "magenta"
    )
    layers = Grid(
        GridColumn(""), GridColumn("", is_right=True), GridColumn("", is_flexible=True), indent=_INDENT, gap=1
    )
    for words, layer in (("written by layer", group.writer), ("hidden by layer", group.hidden_by)):
        layers.add_row(words, str(layer), instruction_line(layer_title(analysis.image, layer)))
    yield layers
    most_files = most(_MOST_PATHS)
    files = Grid(GridColumn("", is_right=True), GridColumn("", is_flexible=True), indent=_INDENT)
    for entry in group.entries[:most_files]:
        files.add_row(human_size(entry.size), name_line(path_text(entry.path)))
    yield files
    more = remainder(group.entries, most_files, lambda entry: entry.size, "file")
    yield from (replace(line, indent=_INDENT) for line in more)


def _advice_section(analysis: SizeAnalysis, most: Most) -> Iterator[Block]:
    """Yield what to change, the largest savings first."""
    advice = analysis.report.advice
    if not advice:
        yield from section("What to change", [Paragraph(no_advice_sentence(analysis.report))])
        return
    shown = zip(advice, changed_lines([each.edits for each in advice]), strict=True)
    parts = [
        part
        for number, (each, changed) in enumerate(shown, 1)
        for part in _advised(analysis, number, each, changed, most)
    ]
    if analysis.report.size_after_advice is not None:
        parts += Paragraph(), Paragraph(size_sentence(analysis.report, "->"), "bold")
    yield from section("What to change", parts)


def _advised(
    analysis: SizeAnalysis, number: int, advice: Advice, changed: Sequence[str], most: Most
) -> Iterator[Block]:
    share = human_share(advice.saves, analysis.report.total_size)
    saves = f"saves {human_size(advice.saves)}{f', {share}' if share else ''}" if advice.saves else "saves no bytes"
    yield Paragraph(f"{number}. {saves}: {analysis.layer_words(advice.layer)}", "bold green")
    body = Grid(GridColumn("", is_flexible=True), indent=_INDENT)
    body.add_row(Line(advice.cause, "bold", is_whole=True))
    if not advice.edits:
        body.add_row(instruction_line(layer_title(analysis.image, advice.layer)))
    # The sentence is our own; names in it were made safe where it was written.
    body.add_row(Line(advice.text, is_folded=True))
    for line in changed:
        body.add_row(Line(printable_line(line), "red" if line[0] == "-" else "green", is_whole=True))
    if advice.edits and not changed:
        body.add_row(Line(CHANGE_ABOVE, "dim"))
    for paths in _path_lines(advice.paths, most(_MOST_PATHS)):
        body.add_row(paths)
    yield body


def table_parts(table: ReportTable[Row], most: int | None = None, most_paths: int | None = None) -> Iterator[Block]:
    """Yield the table with its first rows, each with its first paths, and a line about the rows that are left out."""
    if not table.rows:
        return
    columns = table.without_bars()
    grid = Grid(*(_grid_column(column, is_needed=at < _NEEDED) for at, column in enumerate(columns)))
    for row in table.rows[:most]:
        grid.add_row(*(_lines(column.cell(row), most_paths) for column in columns))
    yield grid
    if table.noun:
        yield from remainder(table.rows, most, table.size, table.noun)


def _grid_column(column: Column[Row], *, is_needed: bool) -> GridColumn:
    is_figure = column.kind is Figure
    least = LEAST_INSTRUCTION if column.kind is InstructionText else 1
    return GridColumn(
        column.title,
        is_right=is_figure,
        is_flexible=not column.width,
        is_optional=is_figure and not is_needed,
        least=least,
    )


def _lines(cell: Cell, most_paths: int | None) -> Sequence[Line]:
    match cell:
        case Figure(text):
            return [Line(text)]
        case Words(text):
            return [Line(text, is_folded=True)]
        case InstructionText(text):
            return [instruction_line(text)]
        case Paths(paths):
            return _path_lines(paths, most_paths)
        case Bar():
            return []


def _path_lines(paths: Sequence[bytes], most: int | None) -> list[Line]:
    """Return a line for each path, and one about those that are left out."""
    lines = [name_line(path_text(path)) for path in paths[:most]]
    if most is not None and len(paths) > most:
        lines.append(Line(f"and {len(paths) - most:,} more", "dim"))
    return lines
