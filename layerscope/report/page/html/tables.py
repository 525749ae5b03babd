"""Tables of a size report as HTML."""

from collections.abc import Callable, Sequence

from layerscope.report.page.html.elements import Markup, element, gauge, number_cell, path_element
from layerscope.session.size.columns import Bar, Column, Figure, InstructionText, Paths, ReportTable, Row, Words

_MOST_PATHS = 20
"""The most paths of one row."""


def size_table(
    sizes: ReportTable[Row],
    most: int | None = None,
    row_attributes: Callable[[Row], dict[str, str]] = lambda _: {},
    body_id: str = "",
) -> Markup:
    """Return the table with its first rows."""
    titles = (element("th", column.title, class_=_class(column)) for column in sizes.columns)
    rows = (
        element("tr", *(_cell(column, row) for column in sizes.columns), **row_attributes(row))
        for row in sizes.rows[:most]
    )
    head = element("thead", element("tr", *titles))
    return element("table", head, element("tbody", *rows, id=body_id))


def _class(column: Column[Row]) -> str:
    if column.kind is Figure:
        return "n"
    return "" if column.kind is Bar or column.width else "wide"


def _cell(column: Column[Row], row: Row) -> Markup:
    match column.cell(row):
        case Figure(text):
            return number_cell(text, "" if column.title == "size" else column.title)
        case Bar(live, dead):
            return element("td", gauge(live, dead))
        case Words(text):
            return element("td", element("span", text, class_="word") if column.width else text)
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
