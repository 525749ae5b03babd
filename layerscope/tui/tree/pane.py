"""The file tree with its frame, its filter, and the details of the entry under the cursor."""

import asyncio
import time
from collections.abc import Iterator
from typing import NamedTuple

from rich.cells import cell_len
from textual import on, work
from textual.app import ComposeResult
from textual.markup import escape

from layerscope.errors import UsageError
from layerscope.text import printable_line
from layerscope.tui.drawing.glyphs import glyphs_of
from layerscope.tui.keys.workers import FIRST_SLICE, NEXT_SLICE, SECONDS_A_PICTURE, run_for
from layerscope.tui.services import warn
from layerscope.tui.tree.entry_details import EntryDetails
from layerscope.tui.tree.file_tree import FileTree, TreeHeader
from layerscope.tui.tree.filter_bar import FilterBar, FilterLine
from layerscope.tui.tree.state import Caption, FilesState, no_rows_sentence
from layerscope.tui.tree.view import TreeSnapshot
from layerscope.tui.tree.visible_rows import VisibleRows
from layerscope.tui.widgets.framed import FramedPane
from layerscope.tui.widgets.line_list import LineList

_LINES_BESIDE = 4
"""The lines of the pane that the tree does not have: those of the header and of short details."""

_AROUND_CAPTIONS = 4
"""Cells of the lower border that captions leave: a corner and a space on each side."""


class LeftView(NamedTuple):
    """The rows that those of another view have replaced: the node under the cursor, and the first line on the screen.

    ``arrived_at`` is the node under the cursor of the other one. While it stays there, the user has not moved it.
    """

    rows: VisibleRows
    node: int | None
    top: int
    arrived_at: int | None

    def is_left_for(self, rows: VisibleRows, node: int | None) -> bool:
        """Return whether rows that follow a node under the cursor are these again."""
        return self.rows.tree is rows.tree and self.rows.view == rows.view and self.arrived_at == node


def _caption_markup(caption: Caption) -> str:
    words = escape(caption.words)
    return f"[@click=run_around('{caption.action}')]{words}[/]" if caption.action else words


class FilesPane(FramedPane):
    """Shows the rows of a state. Long work is done in slices, and keys are handled between them."""

    def __init__(self, state: FilesState, tree: FileTree, details: EntryDetails) -> None:
        super().__init__(id="files-frame", classes="frame")
        self.file_tree = tree
        self._header = TreeHeader(tree)
        self.entry_details = details
        self.state = state
        self._filter_line: FilterLine | None = None
        self._wanted_node: int | None = None
        self._coming: VisibleRows | None = None
        """The rows that will be shown once they are found and counted."""
        self._wants_match = False
        self._left: LeftView | None = None
        self._may_return = False
        self._wanted_top: int | None = None

    def compose(self) -> ComposeResult:
        yield self._header
        yield self.file_tree
        yield self.entry_details

    @property
    def path(self) -> bytes | None:
        if self._coming is not None:
            return self._coming.tree.index.path(self._wanted_node) if self._wanted_node else None
        node, rows = self.file_tree.node, self.file_tree.rows
        return rows.tree.index.path(node) if rows is not None and node is not None else None

    @property
    def is_filtering(self) -> bool:
        """True while a filter is being typed."""
        return self._filter_line is not None and self._filter_line.bar.has_focus

    @property
    def has_filter(self) -> bool:
        return self.state.settings.query is not None or (self._filter_line is not None and self._filter_line.display)

    def rebuild(self, node: int | None = None, top: int | None = None) -> None:
        """Build the rows again, with the cursor on a node, or on the same node as before; ``top`` is the first line."""
        self.workers.cancel_group(self, "rows")
        self._wanted_top = top
        self._may_return = top is None and node in (None, self.file_tree.node)
        rows = self.state.rows()
        if rows is None:
            self._coming = None
            self.file_tree.show(None, 0, columns=(), knows_changes=False)
            self._show_frame(None)
            return
        if node is not None:
            self._wanted_node = node
        elif self._coming is None:
            # A cursor in the first row stays in the first row.
            self._wanted_node = self.file_tree.node if self.file_tree.cursor else 0
        settings = self.state.settings
        if settings.fills and self._wanted_node:
            settings.reveal(rows.tree.index, self._wanted_node)
        self._build(rows)

    @on(FileTree.Fitted)
    def _on_fitted(self) -> None:
        self._header.refresh()

    def on_resize(self) -> None:
        """Show the captions that fit the new width, and unfold folders to fill the new height."""
        rows = self.file_tree.rows if self._coming is None else self._coming
        if rows is not None:
            self._show_captions(rows)
        if self.state.settings.fills:
            self.rebuild()
        else:
            self.show_entry()

    def _build(self, rows: VisibleRows) -> None:
        """Build rows, and show them once they are complete: those before stay as long, unless they have other nodes."""
        # The details of some entries take more lines: the folders that are unfolded do not depend on the cursor.
        height = max(0, self.size.height - _LINES_BESIDE) if self.state.settings.fills else 0
        building = rows.build(height, self.file_tree.rows if self._coming is None else self._coming)
        self._coming = rows
        try:
            is_complete = run_for(building, FIRST_SLICE)
        except UsageError as error:
            self._give_up(rows, error)
            return
        before = self.file_tree.rows
        if is_complete:
            self._show_rows(rows)
            return
        if before is not None and before.tree is not rows.tree:
            self.file_tree.show(None, 0, columns=(), knows_changes=False)
        self._show_captions(rows)
        self._go_on(rows, building)

    def _give_up(self, rows: VisibleRows, error: UsageError) -> None:
        """Say why there are no rows: the expression takes too long."""
        self._wanted_node = 0
        self._show_rows(rows)
        self.entry_details.say(printable_line(str(error)))

    @work(exclusive=True, group="rows")
    async def _go_on(self, rows: VisibleRows, building: Iterator[None]) -> None:
        # The picture that answers the key goes out before the work goes on.
        is_painted = asyncio.Event()
        self.call_after_refresh(is_painted.set)
        await is_painted.wait()
        painted = time.monotonic()
        try:
            while not run_for(building, NEXT_SLICE):
                if time.monotonic() - painted > SECONDS_A_PICTURE:
                    self._show_matches(rows)
                    painted = time.monotonic()
                await asyncio.sleep(0)
        except UsageError as error:
            self._give_up(rows, error)
            return
        self._show_rows(rows)

    def _show_rows(self, rows: VisibleRows) -> None:
        self._coming = None
        tree, before, node = self.file_tree, self.file_tree.rows, self.file_tree.node
        top, left = tree.scroll_offset.y, self._left
        if self._may_return and left is not None and left.is_left_for(rows, node):
            # A key that is pressed twice shows the same lines again.
            self._wanted_node, self._wanted_top = left.node, left.top
        row = rows.row_of(self._wanted_node) if self._wanted_node else 0
        columns, knows_changes = self.state.settings.columns, self.state.knows_changes
        tree.show(rows, row or 0, columns=columns, knows_changes=knows_changes, top=self._wanted_top)
        self._wanted_top = None
        if before is not None and before.view != rows.view:
            self._left = LeftView(before, node, top, tree.node)
        self._show_frame(rows)
        self._go_to_match()

    def _show_frame(self, rows: VisibleRows | None) -> None:
        separator = f" {glyphs_of(self).separator} "
        self._header.refresh()
        # A title is markup for Textual, and may have the name of an image in it.
        self.write_title(escape(separator.join(self.state.title)))
        if rows is None:
            self.write_subtitle("")
            self.entry_details.say(self.state.why_no_tree())
            return
        self._show_captions(rows)
        self._show_matches(rows)
        self.show_entry()

    def _show_captions(self, rows: VisibleRows) -> None:
        separator, captions = f" {glyphs_of(self).separator} ", self.state.captions(rows)
        while cell_len(separator.join(each.words for each in captions)) > self.outer_size.width - _AROUND_CAPTIONS:
            captions.pop()
        self.write_subtitle(separator.join(map(_caption_markup, captions)))

    async def action_run_around(self, action: str) -> None:
        """Run the action of a caption, which the screen or another widget around the pane has."""
        has_it = (node for node in self.ancestors if hasattr(node, f"action_{action}"))
        await self.app.run_action(action, next(has_it))

    def _show_matches(self, rows: VisibleRows) -> None:
        if self._filter_line is not None:
            self._filter_line.show(rows.match_words())

    def show_entry(self) -> None:
        """Show the details of the entry under the cursor."""
        rows, node = self.file_tree.rows, self.file_tree.node
        if rows is None:
            return
        row = rows.tree.row(node, rows.view.layer) if node is not None else None
        if row is None:
            self.entry_details.say(self.state.why_no_rows(rows))
        else:
            self.entry_details.show(rows, row)

    @on(LineList.Moved, "FileTree")
    def _on_row_moved(self) -> None:
        self._wanted_node = self.file_tree.node
        self.show_entry()

    @on(FileTree.Toggled)
    def _on_toggled(self, message: FileTree.Toggled) -> None:
        message.stop()
        rows, row = self.file_tree.rows, message.row
        node = rows.node_at(row) if rows is not None else None
        if rows is None or node is None:
            return
        # Keys that were pressed before count, even if their rows are still to come.
        is_open = (rows if self._coming is None else self._coming).is_open(node)
        self.state.settings.folds.set(node, open_it=not is_open)
        if self._coming is not None:
            self.rebuild(node)
            return
        self._wanted_node = node
        rows.toggle(row)
        self._show_rows(rows)

    def filter(self) -> None:
        if self._filter_line is None:
            self._filter_line = FilterLine(self._leave_filter)
            self.mount(self._filter_line, before=self.entry_details)
        self._filter_line.display = True
        # Not by a message: the next key may follow immediately, and needs the new focus.
        self.screen.set_focus(self._filter_line.bar)

    def on_input_changed(self, message: "FilterBar.Changed") -> None:
        """Filter by the text typed so far."""
        from layerscope.analysis.search.query import parse_query  # noqa: PLC0415  # 4 ms, not before it is needed

        message.stop()
        self._wants_match = False
        try:
            self.state.settings.filter(parse_query(message.value))
        except UsageError as error:
            self.entry_details.say(printable_line(str(error)))
            return
        self.rebuild()
        self.refresh_bindings()

    def _leave_filter(self) -> None:
        """Go back to the tree, to a match."""
        self.screen.set_focus(self.file_tree)
        self._wants_match = True
        self._go_to_match()

    def _go_to_match(self) -> None:
        """Go to a match, unless the cursor is on one. If rows are still to come, go there then."""
        rows = self.file_tree.rows
        if not self._wants_match or self._coming is not None or rows is None:
            return
        if not len(rows) and not (rows.matches and rows.matches.elsewhere):
            return
        self._wants_match = False
        if not len(rows):
            self.file_tree.action_choose()
        elif not rows.is_match(rows[self.file_tree.cursor]):
            self.next_match(1)

    @property
    def filter_text(self) -> str:
        return self._filter_line.bar.value if self._filter_line is not None and self._filter_line.display else ""

    def go_back(self, snapshot: TreeSnapshot, text: str, path: bytes | None, top: int) -> None:
        """Return to a view of the tree: its filter, the path under the cursor, the first line on the screen."""
        if self._filter_line is not None:
            with self.prevent(self._filter_line.bar.Changed):
                self._filter_line.bar.value = text
            self._filter_line.display = bool(text)
        self.state.settings.restore(snapshot)
        rows = self.file_tree.rows
        self.rebuild((rows.tree.index.find(path) if rows is not None and path else 0) or 0, top)
        self.refresh_bindings()

    def clear(self) -> None:
        """Clear the filter; the cursor stays on its path."""
        if self._filter_line is not None:
            with self.prevent(self._filter_line.bar.Changed):
                self._filter_line.bar.clear()
            self._filter_line.display = False
            self.screen.set_focus(self.file_tree)
        rows, node = self.file_tree.rows, self.file_tree.node
        if self.state.settings.query is not None:
            self.state.settings.filter(None)
            if rows is not None and node is not None:
                self.state.settings.reveal(rows.tree.index, node)
            self.rebuild(node or 0)
        self.refresh_bindings()

    def next_match(self, step: int) -> None:
        """Go to the next (1) or the previous (-1) match."""
        rows = self.file_tree.rows
        row = rows.next_match(self.file_tree.cursor, step) if rows is not None else None
        if row is None:
            warn(self, "Nothing matches." if rows is None else no_rows_sentence(rows))
        elif row == self.file_tree.cursor:
            warn(self, "This is the only match.")
        else:
            self.file_tree.move_to(row)
