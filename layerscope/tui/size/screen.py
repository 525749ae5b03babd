"""The size view: layers, directories, file types, packages, dead files, duplicates and advice."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.style import Style
from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, VerticalScroll
from textual.getters import query_one
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static
from textual.worker import get_current_worker

from layerscope.errors import LayerscopeError
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.text import human_size, path_text, printable_line, printable_name
from layerscope.tui.dialogs.help import HelpScreen
from layerscope.tui.drawing.glyphs import glyphs_of
from layerscope.tui.keys.order import OpensLater
from layerscope.tui.keys.table import bindings
from layerscope.tui.size.headline import headline
from layerscope.tui.size.keys import SIZE_KEYS, SIZE_TABLE, VIEW_NAMES
from layerscope.tui.size.tables import (
    SizeTable,
    advice_table,
    dead_table,
    directory_table,
    duplicate_table,
    empty_folder_sentence,
    layer_table,
    package_table,
    type_table,
)
from layerscope.tui.size.tiles import folder_tiles
from layerscope.tui.size.treemap import Tile, Treemap
from layerscope.tui.widgets.key_line import KeyLine
from layerscope.tui.widgets.line_list import LineList
from layerscope.tui.widgets.row_table import RowTable, TableRow, Target

if TYPE_CHECKING:
    from collections.abc import Callable

_DIRECTORIES, _MAP = 1, 2


class SizeScreen(Screen[Target | None], OpensLater):
    """The views of the size of one image. Its result is the place in the tree that the user wants to see, or None."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(SIZE_KEYS)
    DEFAULT_CSS = """
    SizeScreen {
        background: $background;
        #verdict { height: auto; max-height: 6; padding: 0 1; background: $panel; text-style: bold; }
        #views { height: auto; padding: 0 1; }
        #size-frame { height: 1fr; border: $frame $primary; border-title-style: bold; }
        #titles { height: 1; color: $foreground 60%; }
        #detail-frame { height: auto; max-height: 9; padding: 0 1; scrollbar-size-vertical: 1; }
        Treemap { display: none; }
        &.-map Treemap { display: block; }
        &.-map RowTable, &.-map #titles { display: none; }
    }
    """

    @dataclass
    class Computed(Message):
        """A view was computed; ``error`` says why if that failed."""

        view: int
        content: SizeTable | list[Tile] | None
        error: str = ""

    table = query_one(RowTable)
    treemap = query_one(Treemap)

    def __init__(self, analysis: SizeAnalysis) -> None:
        super().__init__()
        self._analysis = analysis
        self._view = 0
        self._folder = 0
        self._views: tuple[Callable[[], SizeTable | list[Tile]], ...] = (
            lambda: layer_table(analysis),
            lambda: directory_table(analysis, self._folder),
            lambda: folder_tiles(analysis, self._folder),
            lambda: type_table(analysis),
            lambda: package_table(analysis),
            lambda: dead_table(analysis),
            lambda: duplicate_table(analysis),
            lambda: advice_table(analysis),
        )

    def compose(self) -> ComposeResult:
        """Lay out the widgets."""
        yield Static("", id="verdict", markup=False)
        yield Static("", id="views", markup=False)
        with Container(id="size-frame"):
            yield Static("", id="titles", markup=False)
            yield RowTable()
            yield Treemap()
        with VerticalScroll(id="detail-frame", can_focus=False):
            yield Static("", id="detail", markup=False)
        yield KeyLine(SIZE_TABLE)

    def on_mount(self) -> None:
        """Show the first view."""
        self.refresh_bindings()
        self.action_go_to(0)

    def action_go_to(self, view: int) -> None:
        """Show a view."""
        self._view = view
        self.is_ready = False
        self._show_names()
        self._say(f"computing{glyphs_of(self).ellipsis}")
        self._compute(view)

    def _show_names(self) -> None:
        text, room = Text(), max(1, self.size.width - 2)
        for number, name in enumerate(VIEW_NAMES):
            if len(text.plain.rpartition("\n")[2]) + len(f" {number + 1} {name} ") > room:
                text.append("\n")
            action = Style(meta={"@click": f"screen.go_to({number})"})
            chosen = Style(bold=True, reverse=True) if number == self._view else Style()
            text.append(f" {number + 1} {name} ", action + chosen)
            text.append(" ")
        self.query_one("#views", Static).update(text)

    def on_resize(self) -> None:
        """Fit the names of the views to the new width."""
        self._show_names()

    @work(thread=True, exclusive=True, exit_on_error=False, group="size")
    def _compute(self, view: int) -> None:
        try:
            content = self._views[view]()
        except LayerscopeError as error:
            if not get_current_worker().is_cancelled:
                self.post_message(self.Computed(view, None, str(error)))
        else:
            self.post_message(self.Computed(view, content))

    @on(Computed)
    def _on_computed(self, message: Computed) -> None:
        if message.view != self._view:
            return
        self.call_after_refresh(self.become_ready)
        if message.content is not None:
            self.query_one("#verdict", Static).update(headline(self._analysis.report))
        if message.content is None:
            self._show_table(SizeTable((), (), printable_line(message.error)))
        elif isinstance(message.content, SizeTable):
            self._show_table(message.content)
        else:
            self._show_map(message.content)
        self.query_one("#size-frame").border_title = self._title()

    def _show_table(self, table: SizeTable) -> None:
        self.remove_class("-map")
        self.table.show(table.columns, table.rows)
        self.query_one("#titles", Static).update(Text(self.table.titles(), no_wrap=True))
        self.set_focus(self.table)
        if len(table.rows):
            self._show_detail()
        else:
            self._say(table.when_empty)

    def _show_map(self, tiles: list[Tile]) -> None:
        self.add_class("-map")
        self.treemap.show(tiles)
        self.set_focus(self.treemap)
        if tiles:
            self._show_detail()
        else:
            self._say(empty_folder_sentence(self._analysis))

    def _title(self) -> str:
        if self._view not in (_DIRECTORIES, _MAP):
            return VIEW_NAMES[self._view].capitalize()
        path = printable_name(path_text(self._analysis.tree.index.path(self._folder)))
        return Text(f"{path}  {human_size(self._analysis.directories.row(self._folder).size)}").markup

    @property
    def _row(self) -> TableRow | None:
        """The row or the tile under the cursor."""
        return self.treemap.row if self._view == _MAP else self.table.row

    @on(LineList.Moved)
    @on(Treemap.Moved)
    def _show_detail(self) -> None:
        if self._row is not None:
            self._say(self._row.detail)

    def _say(self, text: str) -> None:
        self.query_one("#detail", Static).update(Text(text, overflow="fold"))

    def action_help(self) -> None:
        """Show all keys."""
        self.app.push_screen(HelpScreen(SIZE_TABLE))

    def action_view(self, step: int) -> None:
        """Go to another view."""
        self.action_go_to((self._view + step) % len(self._views))

    def action_move(self, step: int) -> None:
        """Move the cursor of the map."""
        (self.treemap if self._view == _MAP else self.table).action_move(step)

    def action_choose(self) -> None:
        """Open the folder under the cursor, or show the row in the tree."""
        self._open(self._row)

    @on(RowTable.Chosen)
    def _on_chosen(self, message: RowTable.Chosen) -> None:
        self._open(message.row)

    def _open(self, row: TableRow | None) -> None:
        if row is None:
            return
        if row.folder is not None:
            self._folder = row.folder
            self.action_go_to(self._view)
        elif row.target is None and self._view == _MAP:
            # the tile of all entries that are too small for one of their own
            self.action_go_to(_DIRECTORIES)
        else:
            self._leave(row)

    def action_up(self) -> None:
        """Go up to the parent folder."""
        if self._folder and self._view in (_DIRECTORIES, _MAP):
            self._folder = self._analysis.tree.index.parents[self._folder]
            self.action_go_to(self._view)

    def action_show(self) -> None:
        """Show the row in the tree."""
        self._leave(self._row)

    def _leave(self, row: TableRow | None) -> None:
        if row is not None and row.target is not None:
            self.dismiss(row.target)
