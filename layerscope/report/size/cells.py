"""Tables of a size report on a screen."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType

from layerscope.report.size.columns import Bar, Cell, Column, Figure, InstructionText, Paths, ReportTable, Row, Words
from layerscope.report.tables import LEAST_INSTRUCTION, Grid, GridColumn, Line, instruction_line, name_line, remainder
from layerscope.text import path_text

_NEEDED = 2
"""The first columns are never left out: the number of a layer and its size, for example."""


def table_parts(
    table: ReportTable[Row], most: int | None = None, most_paths: int | None = None
) -> Iterator[RenderableType]:
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
        is_flexible=not is_figure,
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
            return path_lines(paths, most_paths)
        case Bar():
            return []


def path_lines(paths: Sequence[bytes], most: int | None) -> list[Line]:
    """Return a line for each path, and one about those that are left out."""
    lines = [name_line(path_text(path)) for path in paths[:most]]
    if most is not None and len(paths) > most:
        lines.append(Line(f"and {len(paths) - most:,} more", "dim"))
    return lines
