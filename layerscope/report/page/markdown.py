"""The report as Markdown, for a wiki or a comment."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from layerscope.analysis.advice.edits import diff_lines
from layerscope.analysis.size.dead import DeadGroup, dead_groups
from layerscope.report.escape import (
    block_in_markdown,
    code_in_markdown,
    code_in_markdown_cell,
    in_markdown,
    sentence_in_markdown,
)
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.session.size.columns import (
    Bar,
    Cell,
    Figure,
    InstructionText,
    Paths,
    ReportTable,
    Row,
    Words,
    duplicate_table,
    file_table,
    layer_table,
    package_table,
    sbom_table,
    type_table,
)
from layerscope.session.size.remarks import no_advice_sentence, remarks, sbom_sentence, size_change
from layerscope.session.summary import image_summary, layer_title
from layerscope.text import human_size, path_text, plural, printable_line, printable_name

_MOST = 20
_MOST_PATHS = 3
"""The most rows of each table, and paths of each row."""


def markdown_report(analysis: SizeAnalysis) -> str:
    """Return the text; this reads layers and file contents as needed."""
    return "\n".join(_lines(analysis)) + "\n"


def _lines(analysis: SizeAnalysis) -> Iterator[str]:
    why = analysis.report
    yield f"# {in_markdown(printable_name(analysis.image.name))}"
    yield from ("", in_markdown(image_summary(analysis.image, analysis.tallies)), "")
    yield f"**{in_markdown(printable_line(why.verdict))}**"
    for remark in remarks(why):
        yield from ("", in_markdown(remark))
    yield from _secrets(analysis)
    yield from _advice(analysis)
    yield from _size_table("Layers", layer_table(analysis, why.layers), None)
    yield from _dead(analysis)
    yield from _size_table("Largest files", file_table(analysis))
    yield from _size_table("Duplicates", duplicate_table(analysis))
    yield from _size_table("File types", type_table(analysis), None)
    yield from _size_table("Packages", package_table(analysis))
    if analysis.sbom is not None:
        yield from ("", in_markdown(sbom_sentence(analysis.sbom)))
        yield from _size_table("Packages in which the SBOM differs", sbom_table(analysis.sbom))


def _size_table(title: str, sizes: ReportTable[Row], most: int | None = _MOST) -> Iterator[str]:
    columns = sizes.without_bars()
    rows = [[_cell(column.cell(row)) for column in columns] for row in sizes.rows[:most]]
    yield from _table(title, [(column.title, column.kind is Figure) for column in columns], rows)


def _cell(cell: Cell) -> str:
    match cell:
        case Figure(text):
            return text
        case Words(text):
            return in_markdown(text)
        case InstructionText(text):
            return code_in_markdown_cell(text)
        case Paths(paths):
            return _paths(paths, code_in_markdown_cell)
        case Bar():
            return ""


def _table(title: str, columns: Sequence[tuple[str, bool]], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield a table, unless it is empty; each column comes with its title, and whether it holds figures."""
    if rows:
        yield from ("", f"## {title}", "")
        yield _row([name for name, _ in columns])
        yield _row(["---:" if is_figure else "---" for _, is_figure in columns])
        yield from map(_row, rows)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _secrets(analysis: SizeAnalysis) -> Iterator[str]:
    secrets = analysis.report.secrets
    rows = [
        (
            str(secret.layer),
            in_markdown(secret.kind.words),
            code_in_markdown_cell(printable_name(path_text(secret.path))),
            str(secret.removed_in or ""),
            code_in_markdown_cell(layer_title(analysis.image, secret.layer)),
        )
        for secret in secrets[:_MOST]
    ]
    titles = [("layer", True), ("secret", False), ("path", False), ("removed in", True), ("instruction", False)]
    yield from _table("Secrets", titles, rows)
    if len(secrets) > _MOST:
        yield from ("", f"and {plural(len(secrets) - _MOST, 'more secret')}")


def _advice(analysis: SizeAnalysis) -> Iterator[str]:
    advice = analysis.report.advice
    yield from ("", "## What to change", "")
    if not advice:
        yield no_advice_sentence(analysis.report)
    elif analysis.report.size_after_advice is not None:
        yield from (f"{size_change(analysis.report, '→')}.", "")
    for number, each in enumerate(advice, 1):
        sentence = sentence_in_markdown(printable_line(each.text))
        layer = sentence_in_markdown(analysis.layer_words(each.layer).removeprefix("l"))
        yield f"{number}. **L{layer}, {human_size(each.saves)}:** {sentence}"
        if each.edits:
            yield from _indented(block_in_markdown("\n".join(map(printable_line, diff_lines(each.edits))), "diff"))
        else:
            yield f"   - {code_in_markdown(layer_title(analysis.image, each.layer))}"
        if each.paths:
            yield f"   - {_paths(each.paths, code_in_markdown)}"


def _indented(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines as a paragraph of the item of a list."""
    yield from ("", *(f"   {line}" for line in lines), "")


def _paths(paths: Sequence[bytes], code: Callable[[str], str]) -> str:
    names = ", ".join(code(printable_name(path_text(path))) for path in paths[:_MOST_PATHS])
    return f"{names} and {len(paths) - _MOST_PATHS:,} more" if len(paths) > _MOST_PATHS else names


def _dead(analysis: SizeAnalysis) -> Iterator[str]:
    groups = dead_groups(analysis.report.dead.entries)
    rows = [_dead_row(analysis, group) for group in groups[:_MOST]]
    titles = [("dead", True), ("reason", False), ("files", True)]
    titles += [("written by", False), ("hidden by", False), ("largest", False)]
    yield from _table(f"Dead bytes: {human_size(analysis.report.dead_size)}", titles, rows)
    if len(groups) > _MOST:
        yield from ("", f"and {plural(len(groups) - _MOST, 'more cause')}")


def _dead_row(analysis: SizeAnalysis, group: DeadGroup) -> Sequence[str]:
    return (
        human_size(group.size),
        group.word,
        f"{len(group.entries):,}",
        f"{group.writer} {code_in_markdown_cell(layer_title(analysis.image, group.writer))}",
        f"{group.hidden_by} {code_in_markdown_cell(layer_title(analysis.image, group.hidden_by))}",
        _paths([entry.path for entry in group.entries], code_in_markdown_cell),
    )
