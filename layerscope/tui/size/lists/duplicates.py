"""The same bytes at several paths, and the copies of each."""

from collections.abc import Sequence
from dataclasses import replace

from layerscope.analysis.size.duplicates import Duplicate
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.session.size.columns import SizedFile, duplicate_table
from layerscope.session.size.remarks import no_duplicates_sentence
from layerscope.text import human_size, path_text, plural, printable_path
from layerscope.tui.size.lists.files import file_list
from layerscope.tui.size.lists.model import Order, SizeList, Subject
from layerscope.tui.size.state import SizeView, Topic
from layerscope.tui.widgets.row_table import TableRow

SMALL_DUPLICATES = -1
"""The subject of the topic that lists the duplicates which are too small for lines of their own."""

_SMALL = 4_000
"""Bytes that a duplicate must save for a line of its own."""
_MOST_PATHS = 30
"""The most paths that the details of a row list."""


def duplicate_list(analysis: SizeAnalysis) -> SizeList[Duplicate]:
    """Return the duplicates, those that cost the most first, and one row for all that cost little."""
    duplicates, large = analysis.report.duplicates, _large(analysis)
    shown = _duplicates(analysis, duplicates[:large])
    return replace(shown, rest=_sum_of_small(duplicates, large)) if large < len(duplicates) else shown


def duplicate_parts(analysis: SizeAnalysis, number: int) -> SizeList[Duplicate] | SizeList[SizedFile]:
    """Return the small duplicates, or the copies of one."""
    duplicates, large = analysis.report.duplicates, _large(analysis)
    if number == SMALL_DUPLICATES:
        return _duplicates(analysis, duplicates[large:], large)
    chosen = duplicates[number]
    copies = zip(chosen.nodes, chosen.layers, strict=True)
    return file_list(analysis, (SizedFile(node, chosen.size, layer) for node, layer in copies))


def _large(analysis: SizeAnalysis) -> int:
    """Return the number of duplicates with a line of their own."""
    duplicates = analysis.report.duplicates
    large = sum(duplicate.saves >= _SMALL for duplicate in duplicates)
    return large if len(duplicates) - large > 1 else len(duplicates)


def _duplicates(analysis: SizeAnalysis, duplicates: Sequence[Duplicate], first: int = 0) -> SizeList[Duplicate]:
    """Return the list of duplicates, the ``first`` of which has that position in the report."""
    path = analysis.tree.index.path

    def about(number: int, row: Duplicate) -> TableRow:
        paths = [printable_path(path(node)) for node in row.nodes[:_MOST_PATHS]]
        return TableRow(
            (),
            subject=Subject(topic=Topic(SizeView.DUPLICATES, first + number), copied="\n".join(paths)),
            detail=f"the same {human_size(row.size)} in {_listed(paths, len(row.nodes))}",
        )

    return SizeList(
        table=duplicate_table(analysis, duplicates),
        about=about,
        orders=(
            Order("cost", title="costs"),
            Order("size", lambda row: -row.size),
            Order("copies", lambda row: -len(row.nodes)),
        ),
        text=lambda row: path_text(path(row.nodes[0]))[1:],
        when_empty=no_duplicates_sentence(analysis.report),
    )


def _sum_of_small(duplicates: Sequence[Duplicate], large: int) -> TableRow:
    small, saves = len(duplicates) - large, sum(duplicate.saves for duplicate in duplicates[large:])
    words = f"{plural(small, 'duplicate')} below {human_size(_SMALL)} each"
    return TableRow(
        (human_size(saves), "", "", words),
        share=saves / duplicates[0].saves,
        style="muted",
        subject=Subject(topic=Topic(SizeView.DUPLICATES, SMALL_DUPLICATES)),
        detail=f"{words}, {human_size(saves)} in all",
    )


def duplicate_title(analysis: SizeAnalysis, number: int) -> str:
    """Return the title of the small duplicates, or of the copies of one."""
    if number == SMALL_DUPLICATES:
        return f"Duplicates below {human_size(_SMALL)}"
    duplicate = analysis.report.duplicates[number]
    return f"The same {human_size(duplicate.size)} {len(duplicate.nodes):,} times"


def _listed(paths: Sequence[str], count: int) -> str:
    """Return the paths as a list that ends with the number of those that are missing from it."""
    more = f" and {count - len(paths):,} more" if count > len(paths) else ""
    return f"{', '.join(paths)}{more}"
