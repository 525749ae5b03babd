"""The report as Markdown, for a wiki or a comment."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from layerscope.analysis.advice.edits import CHANGE_ABOVE, changed_lines
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
    dead_table,
    duplicate_table,
    largest_files,
    layer_table,
    package_table,
    sbom_table,
    secret_table,
    type_table,
)
from layerscope.session.size.remarks import no_advice_sentence, remarks, size_sentence
from layerscope.session.summary import image_summary, layer_title, sbom_sentence
from layerscope.text import human_size, plural, printable_line, printable_name, printable_path

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
    yield from _size_table("Secrets", secret_table(analysis))
    yield from _advice(analysis)
    yield from _size_table("Layers", layer_table(analysis, why.layers), None)
    yield from _size_table(f"Dead bytes: {human_size(why.dead_size)}", dead_table(analysis))
    yield from _size_table("Largest files", largest_files(analysis))
    yield from _size_table("Duplicates", duplicate_table(analysis, why.duplicates))
    yield from _size_table("File types", type_table(analysis), None)
    yield from _size_table("Packages", package_table(analysis))
    if analysis.sbom is not None:
        yield from ("", in_markdown(sbom_sentence(analysis.sbom)))
        yield from _size_table("Packages in which the SBOM differs", sbom_table(analysis.sbom))


def _size_table(title: str, sizes: ReportTable[Row], most: int | None = _MOST) -> Iterator[str]:
    if sizes.rows:
        yield from ("", f"## {title}", "")
        yield from table_in_markdown(sizes, most)


def table_in_markdown(sizes: ReportTable[Row], most: int | None) -> Iterator[str]:
    """Yield the lines of a table with its first rows, and how many are left out."""
    columns = sizes.without_bars()
    yield _row([column.title for column in columns])
    yield _row(["---:" if column.kind is Figure else "---" for column in columns])
    yield from (_row([_cell(column.cell(row)) for column in columns]) for row in sizes.rows[:most])
    if most is not None and len(sizes.rows) > most and sizes.noun:
        yield from ("", f"and {plural(len(sizes.rows) - most, f'more {sizes.noun}')}")


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


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _advice(analysis: SizeAnalysis) -> Iterator[str]:
    advice = analysis.report.advice
    yield from ("", "## What to change", "")
    if not advice:
        yield no_advice_sentence(analysis.report)
    elif analysis.report.size_after_advice is not None:
        yield from (size_sentence(analysis.report, "→"), "")
    shown = zip(advice, changed_lines([each.edits for each in advice]), strict=True)
    for number, (each, changed) in enumerate(shown, 1):
        sentence = sentence_in_markdown(printable_line(each.text))
        layer = sentence_in_markdown(analysis.layer_words(each.layer).removeprefix("l"))
        yield f"{number}. **L{layer}, {human_size(each.saves)}:** {sentence}"
        if changed:
            yield from _indented(block_in_markdown("\n".join(map(printable_line, changed)), "diff"))
        elif each.edits:
            yield f"   - {CHANGE_ABOVE}"
        else:
            yield f"   - {code_in_markdown(layer_title(analysis.image, each.layer))}"
        if each.paths:
            yield f"   - {_paths(each.paths, code_in_markdown)}"


def _indented(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines as a paragraph of the item of a list."""
    yield from ("", *(f"   {line}" for line in lines), "")


def _paths(paths: Sequence[bytes], code: Callable[[str], str]) -> str:
    names = ", ".join(code(printable_path(path)) for path in paths[:_MOST_PATHS])
    return f"{names} and {len(paths) - _MOST_PATHS:,} more" if len(paths) > _MOST_PATHS else names
