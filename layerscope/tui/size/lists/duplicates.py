"""The same bytes at several paths, and the copies of each."""

from collections.abc import Sequence

from layerscope.session.size.analysis import SizeAnalysis
from layerscope.text import human_size, path_text, plural
from layerscope.tui.size.lists.files import SizedFile, file_list
from layerscope.tui.size.lists.model import PATH, SIZE, SIZE_WIDTH, Order, SizeList, Subject, count_column, shown_path
from layerscope.tui.size.state import SizeView, Topic
from layerscope.tui.widgets.row_table import TableColumn, TableRow

SMALL_DUPLICATES = -1
"""The subject of the topic that lists the duplicates which are too small for lines of their own."""

_SMALL = 4_000
"""Bytes that a duplicate must save for a line of its own."""
_MOST_PATHS = 30
"""The most paths that the details of a row list."""


def duplicate_list(analysis: SizeAnalysis) -> SizeList[int]:
    """Return the duplicates, those that cost the most first, and one row for all that cost little."""
    duplicates = analysis.report.duplicates
    large = sum(duplicate.saves >= _SMALL for duplicate in duplicates)
    large = large if len(duplicates) - large > 1 else len(duplicates)
    return _duplicates(analysis, [*range(large), *([SMALL_DUPLICATES] if large < len(duplicates) else [])])


def duplicate_parts(analysis: SizeAnalysis, number: int) -> SizeList[int] | SizeList[SizedFile]:
    """Return the small duplicates, or the copies of one."""
    duplicates = analysis.report.duplicates
    if number == SMALL_DUPLICATES:
        small = [at for at, duplicate in enumerate(duplicates) if duplicate.saves < _SMALL]
        return _duplicates(analysis, small)
    chosen = duplicates[number]
    copies = zip(chosen.nodes, chosen.layers, strict=True)
    return file_list(analysis, (SizedFile(node, chosen.size, layer) for node, layer in copies))


def _duplicates(analysis: SizeAnalysis, numbers: Sequence[int]) -> SizeList[int]:
    duplicates, index = analysis.report.duplicates, analysis.tree.index
    largest = max((duplicates[number].saves for number in numbers), default=0) or 1
    small = [duplicate for duplicate in duplicates if duplicate.saves < _SMALL]
    saved_by_small = sum(duplicate.saves for duplicate in small)

    def build(number: int) -> TableRow:
        if number == SMALL_DUPLICATES:
            return _sum_of_small(len(small), saved_by_small, largest)
        return _duplicate_row(analysis, number, largest)

    copies = count_column("copies", max((len(duplicates[number].nodes) for number in numbers), default=0))
    return SizeList(
        columns=(TableColumn("costs", right=True, width=SIZE_WIDTH), SIZE, copies, PATH),
        records=numbers,
        build=build,
        orders=(
            Order("cost", lambda number: (number == SMALL_DUPLICATES, number)),
            Order("size", lambda number: -duplicates[number].size if number >= 0 else 0),
            Order("copies", lambda number: -len(duplicates[number].nodes) if number >= 0 else 0),
        ),
        text=lambda number: path_text(index.path(duplicates[number].nodes[0]))[1:] if number >= 0 else "",
        size=lambda number: saved_by_small if number == SMALL_DUPLICATES else duplicates[number].saves,
        when_empty=_no_duplicates(analysis),
    )


def _duplicate_row(analysis: SizeAnalysis, number: int, largest: int) -> TableRow:
    duplicate = analysis.report.duplicates[number]
    paths = [shown_path(analysis.tree.index.path(node)) for node in duplicate.nodes[:_MOST_PATHS]]
    copies = len(duplicate.nodes)
    return TableRow(
        (human_size(duplicate.saves), human_size(duplicate.size), f"{copies:,}", paths[0]),
        share=duplicate.saves / largest,
        subject=Subject(topic=Topic(SizeView.DUPLICATES, number), copied="\n".join(paths)),
        detail=f"the same {human_size(duplicate.size)} in {_listed(paths, copies)}",
    )


def _sum_of_small(count: int, saves: int, largest: int) -> TableRow:
    words = f"{plural(count, 'duplicate')} below {human_size(_SMALL)} each"
    return TableRow(
        (human_size(saves), "", "", words),
        share=saves / largest,
        style="muted",
        subject=Subject(topic=Topic(SizeView.DUPLICATES, SMALL_DUPLICATES)),
        detail=f"{words}, {human_size(saves)} in all",
    )


def _no_duplicates(analysis: SizeAnalysis) -> str:
    if analysis.report.is_complete and analysis.report.duplicates_complete:
        return "No two files of the final image have the same content."
    return "No two files with the same content were found, but not all files could be compared."


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
