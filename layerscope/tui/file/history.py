"""The history of one path, layer by layer: opens a revision, or compares two."""

from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.binding import BindingType
from textual.message import Message

from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.path_history import Revision
from layerscope.comparison.compare import history_of
from layerscope.model.entries import Kind
from layerscope.session.files.revision import FileRevision, revisions_of
from layerscope.text import human_size, printable_line, printable_name
from layerscope.tui.drawing.glyphs import glyphs_of
from layerscope.tui.file.keys import HISTORY_KEYS, HISTORY_TABLE
from layerscope.tui.file_screens import FileScreens
from layerscope.tui.keys.table import bindings
from layerscope.tui.services import warn
from layerscope.tui.widgets.row_panel import RowPanel
from layerscope.tui.widgets.row_table import RowTable, TableColumn, TableRow

_COLUMNS = (
    TableColumn(""),
    TableColumn("layer", right=True),
    TableColumn("change"),
    TableColumn("what"),
    TableColumn("size", right=True),
    TableColumn("mode", right=True),
    TableColumn("instruction"),
)
_STYLES = {ChangeKind.ADDED: "added", ChangeKind.MODIFIED: "modified", ChangeKind.REMOVED: "removed"}


class HistoryScreen(RowPanel[None]):
    """The events of a path, from the base image up, in a panel over the file view."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(HISTORY_KEYS)

    @dataclass
    class Read(Message):
        """The events are known."""

        events: tuple[Revision, ...]

    def __init__(self, revision: FileRevision, opener: FileScreens) -> None:
        super().__init__(f"/{printable_name(revision.path)}", "comparing the versions", HISTORY_TABLE)
        self._opener = opener
        self._revision = revision
        self._revisions = {revision.occurrence: revision for revision in revisions_of(revision.opened, revision.node)}
        self._events: tuple[Revision, ...] = ()
        self._marked: int | None = None

    def on_mount(self) -> None:
        self.refresh_bindings()
        self._read()

    @work(thread=True, exclusive=True, exit_on_error=False)
    def _read(self) -> None:
        self.post_message(self.Read(history_of(self._revision.opened, self._revision.node)))

    @on(Read)
    def _on_read(self, message: Read) -> None:
        if self.is_left:
            return
        self.call_after_refresh(self.become_ready)
        self._events = message.events
        self._show_events([event.occurrence for event in self._events].index(self._revision.occurrence))
        self.set_focus(self.table)

    def _show_events(self, cursor: int) -> None:
        self.show(_COLUMNS, [self._row(number) for number in range(len(self._events))], cursor)

    def _row(self, number: int) -> TableRow:
        event, glyphs = self._events[number], glyphs_of(self)
        is_removal = event.change is ChangeKind.REMOVED
        is_shown = event.occurrence == self._revision.occurrence and not is_removal
        cells = (
            glyphs.marked if number == self._marked else glyphs.here if is_shown else " ",
            str(event.layer),
            event.change.word,
            ", ".join(event.what.words) or ("identical copy" if event.change is ChangeKind.MODIFIED else ""),
            human_size(event.entry.size) if event.entry.kind is Kind.FILE and not is_removal else "",
            f"{event.entry.mode:04o}",
            printable_line(self._revision.opened.image.step(event.layer).title),
        )
        return TableRow(cells, style=_STYLES.get(event.change), detail=cells[-1])

    @property
    def _chosen(self) -> FileRevision | None:
        """The revision under the cursor; for a removal, the revision that was removed."""
        if not self._events:
            return None
        return self._revisions[self._events[self.table.cursor].occurrence]

    @on(RowTable.Chosen)
    def action_choose(self) -> None:
        if self._chosen is not None:
            self._opener.open_file(self.app, self._chosen)

    def action_mark(self) -> None:
        self._marked = None if self._marked == self.table.cursor else self.table.cursor
        self._show_events(self.table.cursor)

    def action_compare(self) -> None:
        """Compare the revision under the cursor with the previous one."""
        if self._chosen is None:
            return
        removed = self._events[self.table.cursor].change is ChangeKind.REMOVED
        old, new = (self._chosen, None) if removed else (self._chosen.previous, self._chosen)
        if old is None:
            warn(self, "This is the first version: there is no previous one.")
        else:
            self._opener.open_diff(self.app, old, new)

    def action_compare_marked(self) -> None:
        """Compare the revision under the cursor with the marked one, or mark it."""
        cursor = self.table.cursor
        if self._marked in (None, cursor):
            self.action_mark()
        elif self._events and self._marked is not None:
            old, new = (self._revisions[self._events[number].occurrence] for number in sorted((self._marked, cursor)))
            self._opener.open_diff(self.app, old, new)
