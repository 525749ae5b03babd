"""HTML elements. Every text that is not `Markup` is escaped where it is put into an element."""

from collections.abc import Callable, Iterable, Sequence

from layerscope.report.escape import code_parts, in_html
from layerscope.session.size.columns import Bar, Column, Figure, InstructionText, Paths, ReportTable, Row, Words
from layerscope.text import printable_line, printable_path


class Markup(str):
    """HTML made by this module, in which all text from an image is escaped."""

    __slots__ = ()


def joined(parts: Iterable["Markup | str"]) -> Markup:
    """Return the parts one after another; text among them is escaped."""
    return Markup("".join(part if isinstance(part, Markup) else in_html(part) for part in parts))


def element(tag: str, *content: "Markup | str", **attributes: str) -> Markup:
    """Return an element; ``class_`` is the attribute class, other underscores become hyphens."""
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{in_html(value)}"' for name, value in attributes.items() if value
    )
    return Markup(f"<{tag}{written}>{joined(content)}</{tag}>")


def prose(text: str) -> Markup:
    """Return a sentence that may hold text from an image."""
    return Markup(in_html(printable_line(text)))


def advised_prose(text: str) -> Markup:
    """Return a sentence in which text between backticks is code."""
    return joined(element("code", part) if is_code else part for part, is_code in code_parts(printable_line(text)))


def path_element(path: bytes) -> Markup:
    """Return a path as an element."""
    return element("span", printable_path(path), class_="path")


def number_cell(text: str, title: str = "") -> Markup:
    """Return a table cell with a figure; where a row is not one line, the title of its column is beside it."""
    return element("td", text, class_="n", data_title=title)


def gauge(live: float, dead: float) -> Markup:
    """Return a bar of live and dead bytes, each as a share of its full length."""
    live, dead = max(0.0, min(live, 1.0)), max(0.0, min(dead, 1.0))
    parts = [Markup(f'<i style="width:{100 * live:.2f}%"></i><i style="width:{100 * dead:.2f}%"></i>')]
    return element("div", *parts, class_="gauge")


def section(anchor: str, title: str, lead: "Markup | str", *content: "Markup | str") -> Markup:
    """Return a section of the page."""
    introduction = [element("p", lead)] if lead else []
    return element("section", element("h2", title), *introduction, *content, id=anchor)


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
