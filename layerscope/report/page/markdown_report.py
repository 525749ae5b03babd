"""The report as Markdown, for a wiki or a comment."""

from collections.abc import Iterable, Iterator, Sequence

from layerscope.analysis.size.dead_groups import DeadGroup, dead_groups
from layerscope.report.escape import code_in_markdown, in_markdown
from layerscope.report.layers.table import summary
from layerscope.report.size.base_line import base_line
from layerscope.report.titles import title_of
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.text import human_share, human_size, path_text, plural, printable_line, printable_name

_MOST = 20
_MOST_PATHS = 3
"""So many rows of each table are written, and paths of each row."""


def markdown_report(analysis: SizeAnalysis) -> str:
    """Return the text; it reads what it has to of the image."""
    return "\n".join(_lines(analysis)) + "\n"


def _lines(analysis: SizeAnalysis) -> Iterator[str]:
    why = analysis.report
    yield f"# {in_markdown(printable_name(analysis.image.name))}"
    yield from ("", in_markdown(summary(analysis.image, analysis.tallies)), "")
    yield f"**{in_markdown(printable_line(why.verdict))}**"
    for sentence in (base_line(why), *(f"Unknown: {unknown}." for unknown in why.unknowns)):
        if sentence:
            yield from ("", in_markdown(printable_line(sentence)))
    yield from _layers(analysis)
    yield from _advice(analysis)
    yield from _dead(analysis)
    yield from _files(analysis)
    yield from _shares(analysis)


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield a table; a column whose title starts with ``>`` holds figures."""
    cells = [f"| {' | '.join(row)} |" for row in rows]
    if cells:
        yield from ("", f"## {title}", "")
        yield f"| {' | '.join(column.removeprefix('>') for column in columns)} |"
        yield f"| {' | '.join('---:' if column.startswith('>') else '---' for column in columns)} |"
        yield from cells


def _layers(analysis: SizeAnalysis) -> Iterator[str]:
    why = analysis.report
    rows = (
        (
            str(each.layer),
            human_size(each.content_size),
            human_share(each.content_size, why.total_size),
            human_size(each.dead_size) if each.dead_size != 0 else "",
            human_size(each.blob_size),
            code_in_markdown(title_of(analysis.image, each.layer)),
        )
        for each in why.layers
    )
    yield from _table("Layers", (">layer", ">content", ">share", ">dead", ">blob", "instruction"), rows)


def _advice(analysis: SizeAnalysis) -> Iterator[str]:
    advice = analysis.report.advice
    yield from ("", "## What to change", "")
    if not advice:
        yield "Nothing: no waste and no risk of a known kind was seen."
    for number, each in enumerate(advice, 1):
        yield f"{number}. **Layer {each.layer}, {human_size(each.saves)}:** {in_markdown(printable_line(each.text))}"
        yield f"   - {code_in_markdown(title_of(analysis.image, each.layer))}"
        if each.paths:
            yield f"   - {_paths(each.paths)}"


def _paths(paths: Sequence[bytes]) -> str:
    named = ", ".join(code_in_markdown(_name(path)) for path in paths[:_MOST_PATHS])
    return f"{named} and {len(paths) - _MOST_PATHS:,} more" if len(paths) > _MOST_PATHS else named


def _dead(analysis: SizeAnalysis) -> Iterator[str]:
    why = analysis.report
    rows = [_dead_row(analysis, group) for group in dead_groups(why.dead.entries)]
    columns = (">dead", "reason", ">files", "written by", "hidden by", "largest")
    yield from _table(f"Dead bytes: {human_size(why.dead_size)}", columns, rows[:_MOST])
    if len(rows) > _MOST:
        yield from ("", f"and {plural(len(rows) - _MOST, 'more cause')}")


def _dead_row(analysis: SizeAnalysis, group: DeadGroup) -> Sequence[str]:
    return (
        human_size(group.size),
        group.word,
        f"{len(group.entries):,}",
        f"{group.writer} {code_in_markdown(title_of(analysis.image, group.writer))}",
        f"{group.hidden_by} {code_in_markdown(title_of(analysis.image, group.hidden_by))}",
        _paths([entry.path for entry in group.entries]),
    )


def _files(analysis: SizeAnalysis) -> Iterator[str]:
    why, index = analysis.report, analysis.tree.index
    rows = ((human_size(one.size), str(one.layer), code_in_markdown(_name(one.path))) for one in why.largest[:_MOST])
    yield from _table("Biggest files", (">size", ">layer", "path"), rows)
    copies = (
        (human_size(each.saves), human_size(each.size), f"{len(each.nodes):,}", _paths([*map(index.path, each.nodes)]))
        for each in why.duplicates[:_MOST]
    )
    yield from _table("Duplicates", (">costs", ">size", ">copies", "paths"), copies)


def _shares(analysis: SizeAnalysis) -> Iterator[str]:
    whole = sum(analysis.report.live.sizes)
    types = (
        (human_size(each.size), human_share(each.size, whole), f"{each.files:,}", each.type.value)
        for each in analysis.types.sizes
    )
    yield from _table("File types", (">size", ">share", ">files", "type"), types)
    packages = (
        (
            human_size(each.size),
            human_share(each.size, whole),
            f"{len(each.places):,}",
            in_markdown(printable_line(f"{each.package.name} {each.package.version} ({each.package.manager})")),
        )
        for each in analysis.packages.packages[:_MOST]
    )
    yield from _table("Packages", (">size", ">share", ">files", "package"), packages)


def _name(path: bytes) -> str:
    return printable_name(path_text(path))
