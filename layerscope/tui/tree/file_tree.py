"""A file tree: marks, names and columns, and the keys that unfold folders and open files."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.layered_tree import TreeRow
from layerscope.model.entries import Kind
from layerscope.text import printable_name
from layerscope.tui.drawing.cells import cut, cut_middle, padded
from layerscope.tui.keys.table import Key, bindings
from layerscope.tui.services import warn
from layerscope.tui.tree.columns import ATTRIBUTES, TreeColumn, fit_columns
from layerscope.tui.tree.visible_rows import VisibleRows
from layerscope.tui.widgets.line_list import LineList

_INDENT = "  "
_INDENT_PART = 4
"""Cells of the name's column for each level of indentation: deeper levels are not indented further. The complete path
is shown below the tree."""

NAME_SHARE = 0.45
"""The part of a line that the name has before bars grow."""

_MARK_WIDTH = 2
_CHANGE_STYLES = {ChangeKind.ADDED: "added", ChangeKind.MODIFIED: "modified", ChangeKind.REMOVED: "removed"}

_LAST_ATTRIBUTE_RANK = 9
"""The rank of the first attribute; each one after it has a lower one."""


class FileTree(LineList):
    """The base of the file trees. Its items are the rows of a `VisibleRows`; a subclass has the columns."""

    KEYS: ClassVar[tuple[Key, ...]] = (
        Key("enter", "choose", "open", "Open the file; unfold or fold the folder", id="tree.choose", rank=2),
        Key("space", "toggle_fold", "Unfold or fold the folder", id="tree.toggle"),
        Key("right,l", "open", "Unfold, then go in", id="tree.open"),
        Key("left,h", "close", "Fold, then go to the parent, then back", id="tree.close"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(KEYS)
    DEFAULT_CSS = """
    FileTree { height: 1fr; }
    """

    @dataclass
    class Toggled(Message):
        """The folder in a row is to be unfolded, or folded."""

        row: int

    @dataclass
    class Opened(Message):
        """A path that is not a folder is to be opened."""

        node: int

    class Elsewhere(Message):
        """The matches of a filter are to be shown that are not in the tree."""

    class Fitted(Message):
        """The columns have another width."""

    class Left(Message):
        """The cursor is in a top row, and is to go back from there."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: VisibleRows | None = None
        self._attributes: tuple[str, ...] = ()
        self._widths: Mapping[str, int] = {}
        self._name_width = 0
        self._longest_name = 0
        self.total = 1
        self.knows_changes = True

    @property
    def rows(self) -> VisibleRows | None:
        return self._rows

    @property
    def node(self) -> int | None:
        if self._rows is None or self.cursor >= len(self._rows):
            return None
        return self._rows[self.cursor]

    @property
    def shown_columns(self) -> tuple[str, ...]:
        """The columns that have room beside the names."""
        return tuple(self._widths)

    def show(
        self,
        rows: VisibleRows | None,
        cursor: int,
        *,
        columns: tuple[str, ...],
        knows_changes: bool,
        top: int | None = None,
    ) -> None:
        """Show rows, which may still grow, from the ``top`` on if the cursor allows it.

        They are marked if ``knows_changes``.
        """
        self._rows = rows
        self._attributes = columns
        self.knows_changes = knows_changes
        if rows is not None:
            self.total = max(1, self.largest(rows))
        self.refill(cursor)
        if top is not None:
            self.scroll_back(top)
        self._longest_name = 0
        self._fit()

    def _fit(self) -> None:
        """Find the columns for which the lines have room beside the names that are, or were, on the screen."""
        if self._rows is None:
            return
        lengths = (self._name_length(self._rows, row) for row in self._rows_on_screen(self._rows))
        self._longest_name = max([self._longest_name, *lengths])
        self._widths = fit_columns(self.columns(), self.line_width - _MARK_WIDTH, self._longest_name)
        self._name_width = self.line_width - _MARK_WIDTH - sum(self._widths.values())

    def _rows_on_screen(self, rows: VisibleRows) -> Iterator[TreeRow]:
        top, height = self.scroll_offset.y, self.size.height
        for item in range(top, min(top + height, len(rows))):
            row = rows.tree.row(rows[item], rows.view.layer)
            if row is not None:
                yield row

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Make room for the names that come onto the screen."""
        super().watch_scroll_y(old_value, new_value)
        before = self._widths
        self._fit()
        if self._widths != before:
            self._strips.clear()
            self.refresh()
            self.post_message(self.Fitted())

    def on_resize(self) -> None:
        self._longest_name = 0
        self._fit()
        super().on_resize()
        self.post_message(self.Fitted())

    def largest(self, rows: VisibleRows) -> int:
        """Return the size that fills a bar: that of the largest path in the root."""
        return max(map(rows.size, rows.children(0)), default=1)

    def item_count(self) -> int:
        return 0 if self._rows is None else len(self._rows)

    def strip_key(self, item: int) -> object:
        assert self._rows is not None  # noqa: S101  # there is a row
        node = self._rows[item]
        return node, self._rows.is_open(node)

    def draw(self, item: int, line: int, width: int) -> list[Segment]:  # noqa: ARG002  # a row has one line
        assert self._rows is not None  # noqa: S101  # there is a row
        rows, node = self._rows, self._rows[item]
        row = rows.tree.row(node, rows.view.layer)
        if row is None:
            return []
        right = [segment for name, cells in self._widths.items() for segment in self.cell(name, row, cells)]
        missing = self._name_length(rows, row) + cell_len(self.link_text(row)) - self._name_width
        taken = max(0, min(missing, _blank_cells(right) - 1))
        return [*self._mark(row), *self._name_cells(rows, row, self._name_width + taken), *_without(right, taken)]

    @abstractmethod
    def columns(self) -> Iterator[TreeColumn]:
        """Yield the columns after the name."""

    def attribute_columns(self) -> Iterator[TreeColumn]:
        for rank, name in enumerate(self._attributes):
            attribute = ATTRIBUTES[name]
            yield TreeColumn(name, attribute.title, _LAST_ATTRIBUTE_RANK - rank, attribute.width, attribute.width)

    def cell(self, name: str, row: TreeRow, width: int) -> list[Segment]:
        """Return the cell of a column, as wide as it is, with the space before it: here, of an attribute."""
        text = cut(ATTRIBUTES[name].text(row.entry), width - 1, self.glyphs)
        return [Segment(f"{text:>{width}}", self.style_of("muted"))]

    def header(self) -> list[Segment]:
        muted = self.style_of("muted")
        if self._rows is None:
            return []
        room = self.line_width - sum(self._widths.values())
        titles = {
            column.name: f"{column.title:{column.align}{self._widths.get(column.name, 0)}}" for column in self.columns()
        }
        segments = [Segment(" " * room, muted)]
        for name in self._widths:
            segments += self.title(name, titles[name])
        return segments

    def title(self, name: str, text: str) -> list[Segment]:  # noqa: ARG002  # a subclass may have another one by name
        """Return the title of a column, as wide as it is."""
        return [Segment(text, self.style_of("muted"))]

    def _mark(self, row: TreeRow) -> list[Segment]:
        style = self.change_style(row.change)
        return [Segment(f"{row.change.mark if self.knows_changes else ' '} ", style)]

    def change_style(self, change: ChangeKind) -> Style | None:
        """Return the style of what a layer changed; None if it is unchanged, or if changes are not known."""
        name = _CHANGE_STYLES.get(change) if self.knows_changes else None
        return self.style_of(name) if name else None

    def _name_length(self, rows: VisibleRows, row: TreeRow) -> int:
        """Return the cells that a name takes with its indentation."""
        levels = min(rows.tree.index.depths[row.node], self.line_width // _INDENT_PART)
        return len(_INDENT) * levels + cell_len(self._shown_name(rows, row))

    def _name_cells(self, rows: VisibleRows, row: TreeRow, width: int) -> list[Segment]:
        entry, glyphs = row.entry, self.glyphs
        folder = rows.is_folder(row.node)
        fold = f"{glyphs.opened if rows.is_open(row.node) else glyphs.closed} " if folder else _INDENT
        style = self.change_style(row.change) or (self.style_of("folder") if entry.kind is Kind.DIR else None)
        if row.change is ChangeKind.REMOVED and self.knows_changes:
            style = (style or Style()) + Style(strike=True)
        if rows.is_match(row.node):
            style = (style or Style()) + self.style_of("match")
        lead = _INDENT * self._indent(rows, row.node) + fold
        name = cut_middle(self._shown_name(rows, row), max(0, width - len(lead)), glyphs)
        rest = width - len(lead) - cell_len(name)
        link = padded(self.link_text(row), rest, glyphs) if rest > 0 else ""
        return [Segment(lead, self.style_of("muted")), Segment(name, style), Segment(link, self.style_of("muted"))]

    def _shown_name(self, rows: VisibleRows, row: TreeRow) -> str:
        return printable_name(rows.tree.index.name(row.node)) + ("/" if row.entry.kind is Kind.DIR else "")

    def _indent(self, rows: VisibleRows, node: int) -> int:
        return min(rows.tree.index.depths[node] - 1, self._name_width // _INDENT_PART)

    def link_text(self, row: TreeRow) -> str:
        """Return the text after the name of a link: its target."""
        entry = row.entry
        if entry.link is None:
            return ""
        if entry.kind is Kind.HARDLINK:
            return f" = /{printable_name(entry.link)}"
        return f" {self.glyphs.arrow} {printable_name(entry.link)}"

    def column_at(self, x: int) -> tuple[str, int]:
        """Return the column at a cell of a line, and the position of the cell in it; no name if none is there."""
        start = self.line_width - sum(self._widths.values())
        for name, width in self._widths.items():
            if start <= x < start + width:
                return name, x - start
            start += width
        return "", 0

    def column_clicked(self, x: int) -> bool:  # noqa: ARG002  # a subclass may have such columns
        """Do what a click on a column does, in a row or in its title; return whether it does anything."""
        return False

    def clicked(self, item: int, event: events.Click) -> None:
        """Unfold or fold the folder, if its sign was clicked; do what Enter does on a second click."""
        assert self._rows is not None  # noqa: S101  # a row was clicked
        sign = 2 + 2 * self._indent(self._rows, self._rows[item])
        if self.column_clicked(event.x):
            return
        if event.chain > 1:
            self.action_choose()
        elif sign <= event.x <= sign + 1:
            self._toggle(item)

    def _toggle(self, row: int) -> None:
        if self._rows is not None and row < len(self._rows) and self._rows.is_folder(self._rows[row]):
            self.post_message(self.Toggled(row))

    def action_choose(self) -> None:
        """Unfold or fold the folder under the cursor, or open the file."""
        rows, node = self._rows, self.node
        row = rows.tree.row(node, rows.view.layer) if rows is not None and node is not None else None
        if row is not None and row.entry.kind is not Kind.DIR:
            self.post_message(self.Opened(row.node))
        elif node is None and rows is not None and rows.matches is not None and rows.matches.elsewhere:
            self.post_message(self.Elsewhere())
        else:
            self.action_toggle_fold()

    def action_toggle_fold(self) -> None:
        rows, node = self._rows, self.node
        if rows is not None and node is not None and not rows.is_folder(node):
            warn(self, "There is nothing below this path to unfold.")
        else:
            self._toggle(self.cursor)

    def action_open(self) -> None:
        """Unfold the folder under the cursor, go to the first row of an unfolded one, or open the file."""
        rows, node = self._rows, self.node
        if rows is None or node is None:
            return
        if not rows.is_folder(node):
            self.action_choose()
            return
        if not rows.is_open(node):
            self._toggle(self.cursor)
        elif self.cursor + 1 < len(rows) and rows.tree.index.parents[rows[self.cursor + 1]] == node:
            self.move_to(self.cursor + 1)

    def action_close(self) -> None:
        """Fold the folder under the cursor, go to the folder of any other row, or back from a top row."""
        rows, node = self._rows, self.node
        if rows is None or node is None:
            self.post_message(self.Left())
            return
        if rows.is_folder(node) and rows.is_open(node):
            self._toggle(self.cursor)
            return
        parent = rows.tree.index.parents[node]
        row = rows.row_of(parent) if parent else None
        if row is not None:
            self.move_to(row)
        else:
            self.post_message(self.Left())


def _blank_cells(segments: Iterable[Segment]) -> int:
    """Return the number of cells without any text at the start of a line."""
    text = "".join(segment.text for segment in segments)
    return len(text) - len(text.lstrip(" "))


def _without(segments: Iterable[Segment], blank_cells: int) -> Iterator[Segment]:
    """Yield segments without some of their first cells, which are blank."""
    for segment in segments:
        yield Segment(segment.text[blank_cells:], segment.style)
        blank_cells = max(0, blank_cells - len(segment.text))


class TreeHeader(Widget):
    """One line; a click on a title is one on its column."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    TreeHeader { height: 1; }
    """

    def __init__(self, tree: FileTree) -> None:
        super().__init__()
        self._tree = tree

    def render_line(self, y: int) -> Strip:  # noqa: ARG002  # there is one line
        base = self.rich_style
        segments = [Segment(text, base + style if style else base) for text, style, _ in self._tree.header() if text]
        return Strip(segments).adjust_cell_length(self.size.width, base)

    def on_click(self, event: events.Click) -> None:
        self._tree.column_clicked(event.x)
