"""The comparison screen: a list of steps, and one marked tree of both states."""

from collections.abc import Hashable, Mapping
from functools import partial
from typing import ClassVar, NamedTuple

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.getters import query_one

from layerscope.analysis.comparison.diff_tree import AFTER, BEFORE
from layerscope.comparison.compare import Comparison
from layerscope.errors import LayerscopeError
from layerscope.session.files.revision import FileRevision, revision_at
from layerscope.session.loaded_image import LoadedImage
from layerscope.text import signed_size, whole_percent
from layerscope.tui.comparison.file_tree import DiffDetails, DiffFileTree
from layerscope.tui.comparison.keys import COMPARISON_KEYS
from layerscope.tui.comparison.state import (
    AllLayersRead,
    ComparedStates,
    ComparisonDone,
    ComparisonState,
    DetailsComputed,
    LayersBeingRead,
    MovesKnown,
    compared,
    moved,
)
from layerscope.tui.dialogs.extract import ExtractScreen
from layerscope.tui.dialogs.help import HelpScreen
from layerscope.tui.file_screens import FileScreens
from layerscope.tui.keys.order import LeftOnce, OpensLater, SaysWhyNot, is_first
from layerscope.tui.keys.table import bindings
from layerscope.tui.services import copy_text, warn
from layerscope.tui.tree.file_tree import FileTree
from layerscope.tui.tree.keys import MOUSE_NOTE
from layerscope.tui.tree.pane import FilesPane
from layerscope.tui.tree.panes import FilesPanes
from layerscope.tui.widgets.key_line import KeyLine
from layerscope.tui.widgets.line_list import LineList
from layerscope.tui.widgets.step_list import StepList
from layerscope.tui.widgets.title_line import Fact, TitleLine

_SHORTEST_HEADLINE = 60
"""Cells of the headline that are kept before other facts are left out: it has both totals."""


class LeftComparison(NamedTuple):
    """The comparison that was on the screen before, with the path under its cursor and its first line."""

    wanted: Hashable
    path: bytes | None
    top: int


class ComparisonScreen(LeftOnce[object], OpensLater, SaysWhyNot):
    """A comparison of two layers or of two images.

    One comparison is computed at a time, in a thread; the tree on the screen stays until the next one is ready. The
    moved files follow it, because finding them may take reading whole layers.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(COMPARISON_KEYS)

    why_not: ClassVar[Mapping[str, str]] = {"extract": "Choose a path in the files first."}
    live_keys = frozenset({"tab", "shift+tab", "left_square_bracket", "right_square_bracket", "question_mark"})
    DEFAULT_CSS = """
    ComparisonScreen { layout: vertical; background: $background; }
    """

    title_line = query_one(TitleLine)

    def __init__(self, states: ComparedStates) -> None:
        super().__init__()
        self._state = ComparisonState()
        self._states = states
        self._file_screens = FileScreens()
        self._at_work: Hashable = None
        self._shown: Hashable = None
        self._left: LeftComparison | None = None
        self.file_tree = DiffFileTree()
        self.files = FilesPane(self._state, self.file_tree, DiffDetails())
        self.panes = FilesPanes(states.step_list, self.files)

    def compose(self) -> ComposeResult:
        yield TitleLine("", shortest=_SHORTEST_HEADLINE)
        yield self.panes
        yield KeyLine(self._states.keys)

    def on_mount(self) -> None:
        """Show the steps, and start to read the layers or to compare them."""
        self._states.show_steps()
        self._show_texts()
        self.files.rebuild()
        self.panes.go_to(self.file_tree)
        self.refresh_bindings()
        if self._states.readers:
            self._read()
        else:
            self._compare()

    def on_unmount(self) -> None:
        """Stop the readers: the thread that waits for them would keep the application from ending."""
        for reader in self._states.readers:
            reader.close()

    @work(thread=True, exit_on_error=False, group="reader")
    def _read(self) -> None:
        trees = list[LoadedImage]()
        try:
            for reader in self._states.readers:
                trees.append(reader.load(partial(self._report_share, len(trees))))
        except LayerscopeError as error:
            self.post_message(AllLayersRead([], str(error)))
        else:
            self.post_message(AllLayersRead(trees, None))

    def _report_share(self, done: int, share: float) -> None:
        self.post_message(LayersBeingRead((done + share) / len(self._states.readers)))

    @on(LayersBeingRead)
    def _on_reading(self, message: LayersBeingRead) -> None:
        self._state.waiting = f"Reading the layers, {whole_percent(message.share)}."
        self.files.rebuild()

    @on(AllLayersRead)
    def _on_read(self, message: AllLayersRead) -> None:
        if message.error is not None:
            self._state.waiting = message.error
            self.files.rebuild()
            self.become_ready()
            return
        self._states.take_trees(message.trees)
        self._states.show_steps()
        self._show_texts()
        self._compare()

    def _show_texts(self) -> None:
        """Show the title, the details, and the titles of the frames."""
        summary = self._state.summary if self._shown == self._states.wanted() else None
        growth = f"files shown {signed_size(summary.growth)}" if summary and summary.counts else ""
        facts = [Fact(growth, 9), *(Fact(fact, 5) for fact in self._states.facts())]
        counts = [Fact(words, 1) for words in summary.words] if summary else []
        self.title_line.show([*facts, *counts], *self._states.headlines())
        self.panes.show_details("Details", *self._states.fields())
        self.panes.title_steps("Steps", "comparing" if self._at_work is not None else "")

    def _compare(self) -> None:
        """Compute the wanted comparison, unless it is shown already or another one is still being computed."""
        wanted = self._states.wanted()
        if wanted is None or self._at_work is not None or wanted == self._shown:
            return
        self._at_work = wanted
        if self._state.compared is None:
            self._state.waiting = "Comparing."
            self.files.rebuild()
        self._compute(wanted, self._states.comparison(), self._states.sides())
        self._show_texts()

    @work(thread=True, exit_on_error=False, group="compare")
    def _compute(self, wanted: Hashable, comparison: Comparison, sides: tuple[str, str]) -> None:
        try:
            result = compared(comparison, sides)
            self.post_message(ComparisonDone(wanted, result, None))
            self.post_message(MovesKnown(result, moved(comparison)))
        except LayerscopeError as error:
            self.post_message(ComparisonDone(wanted, None, str(error)))

    @on(ComparisonDone)
    def _on_done(self, message: ComparisonDone) -> None:
        if message.result is None:
            self._at_work = None
            self._state.waiting = message.error or ""
            self.files.rebuild()
        elif message.wanted == self._states.wanted():
            path, top = self._position_in(message.wanted)
            self._shown, is_first = message.wanted, self._state.compared is None
            self._state.take(message.result)
            self.files.rebuild((message.result.tree.index.find(path) if path else None) or 0, top)
            if is_first and self.file_tree.rows is not None:
                self.file_tree.move_to(self._state.first_change(self.file_tree.rows))
            if self._state.unread:
                self.notify(self._state.unread, markup=False, severity="warning")
        self._show_texts()
        self.call_after_refresh(self.become_ready)
        if message.result is not None:
            self._compute_details()

    def _position_in(self, wanted: Hashable) -> tuple[bytes | None, int | None]:
        """Return the path for the cursor, and the first line if it is to be the one that was on the screen."""
        path = self.files.path if self.file_tree.cursor else None
        left, self._left = self._left, LeftComparison(self._shown, path, self.file_tree.scroll_offset.y)
        return (left.path, left.top) if left is not None and left.wanted == wanted else (path, None)

    @on(LineList.Moved, "FileTree")
    def _on_row_moved(self) -> None:
        """Stay at the row that the user has gone to."""
        self._left = None

    @work(thread=True, exclusive=True, exit_on_error=False, group="details")
    def _compute_details(self) -> None:
        if self._states.compute_details():
            self.post_message(DetailsComputed())

    @on(DetailsComputed)
    def _on_details(self) -> None:
        self._states.show_steps()
        self._show_texts()

    @on(MovesKnown)
    def _on_moves_known(self, message: MovesKnown) -> None:
        self._at_work = None
        message.result.moves.update(message.moves)
        if message.result is self._state.compared and message.moves:
            self.file_tree.refill()
            self.files.show_entry()
        self._compare()
        self._show_texts()

    def action_help(self) -> None:
        marks = (
            "+ added, ~ modified, - removed, ? uncertain because a layer could not be read. "
            "The last columns show by how much a path grew, with all paths below it."
        )
        self.app.push_screen(HelpScreen(self._states.keys, (("Marks", marks), MOUSE_NOTE)))

    def takes(self, key: str) -> bool:
        """Return whether a key can be handled now: in the tree, not before there is one."""
        return super().takes(key) or not self.file_tree.has_focus

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # from Textual
        if action == "back":
            return self.files.has_filter or not is_first(self)
        if action == "extract":
            return self.file_tree.has_focus
        if action in ("own", "mark", "previous"):
            return action in self._states.actions
        return True

    @on(LineList.Moved, "StepList")
    def _on_step_moved(self) -> None:
        before = self._states.wanted()
        self._states.choose(self._states.step_list.cursor)
        if self._states.wanted() == before and not self._states.step_list.is_on_screen:
            warn(self, "The files are the same at this step.")
        self._show_texts()
        self._compare()

    @on(FileTree.Opened)
    def _on_opened(self, message: FileTree.Opened) -> None:
        """Compare both revisions of a file, or open it if they are the same."""
        if self._state.compared is None:
            return
        old, new = self._revision(message.node, BEFORE), self._revision(message.node, AFTER)
        moved = self._state.moved_node(message.node)
        if moved is not None:
            old, new = old or self._revision(moved, BEFORE), new or self._revision(moved, AFTER)
        if new is not None and not self._state.differs(message.node):
            self._file_screens.open_file(self.app, new)
        else:
            self._file_screens.open_diff(self.app, old, new)

    def _revision(self, node: int, layer: int) -> FileRevision | None:
        shown = self._state.compared
        if shown is None or not shown.tree.is_present(node, layer):
            return None
        opened = shown.comparison.old if layer == BEFORE else shown.comparison.new
        side = shown.tree.side(layer)
        return revision_at(opened, side.node(node), side.state.layer)

    def action_back(self) -> None:
        if self.files.has_filter:
            self.files.clear()
        elif not is_first(self):
            self.dismiss()

    @on(StepList.Entered)
    def _on_entered(self) -> None:
        """Unfold the step, or go to the differences at it."""
        if self._states.unfold():
            self._on_details()
            self._compute_details()
        else:
            self.panes.go_to(self.file_tree)

    @on(StepList.Left)
    def _on_steps_left(self) -> None:
        """Fold the step, or go back."""
        if self._states.fold():
            self._on_details()
        else:
            self._on_left()

    @on(FileTree.Left)
    def _on_left(self) -> None:
        """Go back, or else from the files to the steps."""
        if is_first(self):
            self.panes.go_to(self._states.step_list)
        else:
            self.dismiss()

    def action_step(self, step: int) -> None:
        before = self._states.step_list.cursor
        self._states.step_list.action_move(step)
        if self._states.step_list.cursor == before:
            warn(self, f"This is the {'last' if step > 0 else 'first'} step.")

    def action_changes(self) -> None:
        self.panes.change(self._state.settings.toggle_changes)

    def action_own(self) -> None:
        """Compare the files after each layer, or only what the layers hold themselves."""
        self._change_states("own")

    def action_mark(self) -> None:
        """Compare with the layer under the cursor from now on."""
        self._change_states("mark")

    def action_previous(self) -> None:
        self._change_states("previous")

    def _change_states(self, action: str) -> None:
        before = self._states.wanted()
        self._states.actions[action]()
        if self._states.wanted() == before:
            warn(self, "These two states are compared already.")
            return
        self._states.show_steps()
        self._show_texts()
        self._compare()

    def action_extract(self) -> None:
        """Ask where to write the path under the cursor: its new revision, or the old one if it was removed."""
        node = self.file_tree.node
        revision = None if node is None else self._revision(node, AFTER) or self._revision(node, BEFORE)
        if revision is not None:
            self.app.push_screen(ExtractScreen(revision.opened, revision.node, revision.at))

    def action_copy_path(self) -> None:
        path = self.panes.copied_path
        if path:
            copy_text(self, path)
