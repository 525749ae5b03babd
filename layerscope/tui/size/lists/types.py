"""The file types of the final image, and the files of each."""

from layerscope.session.size.analysis import SizeAnalysis
from layerscope.text import human_share, human_size, plural
from layerscope.tui.size.lists.files import SizedFile, live_file_list
from layerscope.tui.size.lists.model import SHARE, SIZE, Order, SizeList, Subject, count_column
from layerscope.tui.size.state import Place, SizeView
from layerscope.tui.widgets.row_table import TableColumn, TableRow


def type_list(analysis: SizeAnalysis) -> SizeList[int]:
    """Return the file types, the largest first."""
    sizes = analysis.types.sizes
    largest = max((type_size.size for type_size in sizes), default=0) or 1
    total = sum(type_size.size for type_size in sizes)

    def build(number: int) -> TableRow:
        row, name = sizes[number], sizes[number].type.value
        return TableRow(
            (human_share(row.size, total), human_size(row.size), f"{row.files:,}", name),
            share=row.size / largest,
            subject=Subject(place=Place(SizeView.TYPES, number), copied=name),
            detail=f"{name}: {human_size(row.size)} in {plural(row.files, 'file')} of the final image",
        )

    files = count_column("files", max((type_size.files for type_size in sizes), default=0))
    return SizeList(
        columns=(SHARE, SIZE, files, TableColumn("type")),
        records=range(len(sizes)),
        build=build,
        orders=(
            Order("size", lambda number: number),
            Order("files", lambda number: -sizes[number].files),
            Order("name", lambda number: sizes[number].type.value),
        ),
        text=lambda number: sizes[number].type.value,
        size=lambda number: sizes[number].size,
        when_empty="The final image has no files." if analysis.report.is_complete else "No file could be read.",
    )


def type_files(analysis: SizeAnalysis, number: int) -> SizeList[SizedFile]:
    """Return the files of a type."""
    wanted, types = analysis.types.sizes[number].type, analysis.types.types
    return live_file_list(analysis, (position for position, kind in enumerate(types) if kind is wanted))
