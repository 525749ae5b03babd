"""What every layer did to one path: a list to open a version from, or to compare two."""

from typing import ClassVar, NamedTuple

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.getters import query_one
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Static

from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.path_history import Revision
from layerscope.comparison.compare import history_of
from layerscope.model.entries import Kind
from layerscope.session.files.revision import FileRevision, versions_of
from layerscope.text import human_size, printable_line, printable_name
from layerscope.tui.drawing.glyphs import Glyphs
from layerscope.tui.keys.order import OpensLater
from layerscope.tui.widgets.fact_table import Fact, FactColumn, FactTable
from layerscope.tui.widgets.key_line import KeyLine
from layerscope.tui.widgets.line_list import LineList

_KEYS = (
    ("enter", "enter", "open"),
    ("m", "m", "mark"),
    ("d", "d", "compare"),
    ("escape", "esc", "back"),
)
_COLUMNS = (
    FactColumn(""),
    FactColumn("Layer", right=True),
    FactColumn("Change"),
    FactColumn("What"),
    FactColumn("Size", right=True),
    FactColumn("Mode", right=True),
    FactColumn("Instruction"),
)
_STYLES = {ChangeKind.ADDED: "added", ChangeKind.MODIFIED: "modified", ChangeKind.REMOVED: "removed"}


class HistoryAnswer(NamedTuple):
    """A version to show, or, where ``before`` is given, two to compare."""

    version: FileRevision
    before: FileRevision | None = None


class HistoryScreen(ModalScreen[HistoryAnswer | None], OpensLater):
    """The events of a path, base first, over the file view."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,H", "dismiss", "Back", tooltip="Go back to the file", id="history.back"),
        Binding("enter", "choose", "Open", tooltip="Show the version", id="history.choose"),
        Binding("m,space", "mark", "Mark", tooltip="Mark a version to compare another one with", id="history.mark"),
        Binding(
            "d",
            "compare",
            "Compare",
            tooltip="Compare with the marked version, or with the one before",
            id="history.compare",
        ),
    ]
    DEFAULT_CSS = """
    HistoryScreen {
        align: center middle;
        #history { width: 96%; height: auto; max-height: 92%; padding: 0 1; }
        #history { background: $panel; border: round $primary; }
        #titles { height: 1; color: $foreground 60%; }
        FactTable { height: auto; max-height: 30; }
        #detail { height: auto; max-height: 6; margin-top: 1; }
        KeyLine { dock: none; padding: 0; }
        &.-ascii #history { border: ascii $primary; }
    }
    """

    class Read(Message):
        """The events are known."""

        def __init__(self, events: tuple[Revision, ...]) -> None:
            super().__init__()
            self.events = events

    table = query_one(FactTable)

    def __init__(self, version: FileRevision, glyphs: Glyphs) -> None:
        super().__init__(classes="" if glyphs.has_unicode else "-ascii")
        self._version = version
        self._glyphs = glyphs
        self._versions = {each.occurrence: each for each in versions_of(version.opened, version.node)}
        self._events: tuple[Revision, ...] = ()
        self._marked: int | None = None

    def compose(self) -> ComposeResult:
        """Lay out the panel."""
        panel = Vertical(
            Static("comparing the versions", id="titles", markup=False),
            FactTable(self._glyphs),
            Static("", id="detail", markup=False),
            KeyLine(),
            id="history",
        )
        panel.border_title = Text(f"/{printable_name(self._version.path)}").markup
        yield panel

    def on_mount(self) -> None:
        """Read the events."""
        self.query_one(KeyLine).show(_KEYS)
        self._read()

    @work(thread=True, exclusive=True, exit_on_error=False)
    def _read(self) -> None:
        self.post_message(self.Read(history_of(self._version.opened, self._version.node)))

    @on(Read)
    def _on_read(self, message: Read) -> None:
        self.call_after_refresh(self.become_ready)
        self._events = message.events
        at = [event.occurrence for event in self._events].index(self._version.occurrence)
        self._show(at)
        self.set_focus(self.table)

    def _show(self, cursor: int) -> None:
        self.table.show(_COLUMNS, [self._fact(place) for place in range(len(self._events))], cursor)
        self.query_one("#titles", Static).update(Text(self.table.titles(), no_wrap=True))
        self._show_detail()

    def _fact(self, place: int) -> Fact:
        event = self._events[place]
        is_removal = event.change is ChangeKind.REMOVED
        is_shown = event.occurrence == self._version.occurrence and not is_removal
        cells = (
            self._glyphs.marked if place == self._marked else self._glyphs.here if is_shown else " ",
            str(event.layer),
            event.change.word,
            ", ".join(event.what.words) or ("identical copy" if event.change is ChangeKind.MODIFIED else ""),
            human_size(event.entry.size) if event.entry.kind is Kind.FILE and not is_removal else "",
            f"{event.entry.mode:04o}",
            printable_line(self._version.opened.image.step(event.layer).title),
        )
        return Fact(cells, style=_STYLES.get(event.change), detail=cells[-1])

    @on(LineList.Moved)
    def _show_detail(self) -> None:
        fact = self.table.fact
        self.query_one("#detail", Static).update(Text(fact.detail if fact else "", overflow="fold"))

    @property
    def _chosen(self) -> FileRevision | None:
        """The version under the cursor; of a removal, the one that was removed."""
        if not self._events:
            return None
        return self._versions[self._events[self.table.cursor].occurrence]

    @on(FactTable.Chosen)
    def action_choose(self) -> None:
        """Show the version under the cursor."""
        if self._chosen is not None:
            self.dismiss(HistoryAnswer(self._chosen))

    def action_mark(self) -> None:
        """Mark the event under the cursor, or no longer."""
        self._marked = None if self._marked == self.table.cursor else self.table.cursor
        self._show(self.table.cursor)

    def action_compare(self) -> None:
        """Compare the version under the cursor with the marked one, or else with the one before."""
        other, cursor = self._marked, self.table.cursor
        if other is None:
            other = cursor - 1
        if not self._events or other < 0 or other == cursor:
            self.notify("Mark another version first.", markup=False, timeout=3)
            return
        first, last = sorted((other, cursor))
        before, after = (self._versions[self._events[place].occurrence] for place in (first, last))
        self.dismiss(HistoryAnswer(after, before))
