"""Tables of a size report as HTML."""

from collections.abc import Sequence

from layerscope.report.page.html.elements import Markup, element, gauge, number_cell, path_element, table
from layerscope.session.size.columns import Bar, Cell, Figure, InstructionText, Paths, ReportTable, Row, Words

_MOST_PATHS = 20
"""The most paths of one row."""

_CLASSES = {Figure: "n", Bar: "", Words: "wide", InstructionText: "wide", Paths: "wide"}


def size_table(sizes: ReportTable[Row], most: int | None = None, *, row_names: Sequence[str] = ()) -> Markup:
    """Return the table; ``row_names`` become the attribute ``data-layer`` of its rows."""
    titles = [(column.title, _CLASSES[column.kind]) for column in sizes.columns]
    rows = [
        element(
            "tr",
            *(_cell(column.cell(row), column.title) for column in sizes.columns),
            data_layer=row_names[number] if row_names else "",
        )
        for number, row in enumerate(sizes.rows[:most])
    ]
    return table(titles, rows)


def _cell(cell: Cell, title: str) -> Markup:
    match cell:
        case Figure(text):
            return number_cell(text, "" if title == "size" else title)
        case Bar(live, dead):
            return element("td", gauge(live, dead))
        case Words(text):
            return element("td", text)
        case InstructionText(text):
            return element("td", element("code", text))
        case Paths(paths):
            return element("td", *_paths(paths))


def _paths(paths: Sequence[bytes]) -> Sequence[Markup]:
    if len(paths) == 1:
        return [path_element(paths[0])]
    lines = [element("div", path_element(path)) for path in paths[:_MOST_PATHS]]
    if len(paths) > _MOST_PATHS:
        lines.append(element("span", f"and {len(paths) - _MOST_PATHS:,} more", class_="soft"))
    return lines
