"""Two states compared: their steps on the left, one marked tree of both on the right."""

from collections.abc import Hashable, Sequence
from functools import partial
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.getters import query_one

from layerscope.analysis.comparison.diff_tree import AFTER, BEFORE
from layerscope.comparison.compare import Comparison
from layerscope.errors import LayerscopeError
from layerscope.session.files.revision import FileRevision, version_at
from layerscope.session.loaded_image import LoadedImage
from layerscope.session.reading.loader import BackgroundLoader
from layerscope.tui.comparison.entry_details import DiffDetails
from layerscope.tui.comparison.file_tree import DiffFileTree
from layerscope.tui.comparison.messages import AllLayersRead, ComparisonDone, LayersBeingRead, MovesKnown
from layerscope.tui.comparison.state import DiffState, compared, moved
from layerscope.tui.drawing.glyphs import Glyphs
from layerscope.tui.explorer.step_details import Field, StepDetails
from layerscope.tui.keys.order import OpensLater
from layerscope.tui.tree.file_tree import FileTree
from layerscope.tui.tree.pane import FilesPane
from layerscope.tui.tree.screen import FilesScreen, LineKey
from layerscope.tui.widgets.key_line import KeyLine
from layerscope.tui.widgets.line_list import LineList
from layerscope.tui.widgets.step_list import StepList
from layerscope.tui.widgets.title_line import TitleLine


class DiffScreen(FilesScreen, OpensLater):
    """What the comparisons share. A subclass knows what a row of the step list compares.

    One comparison is computed at a time, in a thread; the tree on the screen stays until the next one is there. Which
    files moved follows it: that may take reading whole layers.
    """

    KEYS_IN_LINE: ClassVar[tuple[LineKey, ...]] = (
        ("help", "question_mark", "?", "help"),
        ("back", "escape", "esc", "back"),
        ("other_pane", "tab", "tab", "pane"),
        ("filter", "slash", "/", "filter"),
        ("next_match", "n", "n N", "match"),
        ("choose", "enter", "enter", "open"),
        ("sort", "s", "s", "sort"),
        ("changes", "c", "c", "all files"),
        ("extract", "x", "x", "extract"),
        ("quit", "q", "q", "quit"),
        ("step", "right_square_bracket", "[ ]", "step"),
        ("columns", "o", "o", "columns"),
        ("fold_all", "z", "z", "fold all"),
        ("copy", "y", "y", "copy"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "back", tooltip="Clear the filter, or go back", id="diff.back"),
        Binding(
            "left_square_bracket",
            "step(-1)",
            "step down",
            key_display="[",
            tooltip="Compare at the step below",
            id="diff.step-down",
        ),
        Binding(
            "right_square_bracket",
            "step(1)",
            "step up",
            key_display="]",
            tooltip="Compare at the step above",
            id="diff.step-up",
        ),
        Binding(
            "x",
            "extract",
            "extract",
            tooltip="Write the file or folder under the cursor into a folder: as it is after, or was before",
            id="diff.extract",
        ),
        Binding("y", "copy", "copy", tooltip="Copy the path to the clipboard", id="diff.copy"),
        Binding("q", "quit", "quit", tooltip="Quit", id="diff.quit"),
    ]

    live_keys = frozenset({"tab", "shift+tab", "left_square_bracket", "right_square_bracket", "question_mark"})
    _state: DiffState

    title_line = query_one(TitleLine)

    def __init__(self, state: DiffState, name: str, readers: Sequence[BackgroundLoader], glyphs: Glyphs) -> None:
        super().__init__(state, glyphs)
        self._named = name
        self._readers = readers
        self._at_work: Hashable = None
        self._shown: Hashable = None

    def take_trees(self, trees: Sequence[LoadedImage]) -> None:
        """Take in what the readers have read."""
        raise NotImplementedError

    def make_list(self) -> StepList:
        """Return the list of steps."""
        raise NotImplementedError

    def show_steps(self) -> None:
        """Show the steps, the cursor where it is."""
        raise NotImplementedError

    def title_parts(self) -> list[str]:
        """Return what the first line says beside the names."""
        raise NotImplementedError

    def step_fields(self) -> list[Field]:
        """Return what is known of the chosen step."""
        raise NotImplementedError

    def choose(self, item: int) -> None:
        """Compare at another row of the list."""
        raise NotImplementedError

    def wanted(self) -> Hashable:
        """Return what tells the comparison that is to be shown from others; None while there can be none yet."""
        raise NotImplementedError

    def comparison(self) -> Comparison:
        """Return the comparison that is wanted, with nothing computed yet."""
        raise NotImplementedError

    def sides(self) -> tuple[str, str]:
        """Return what the two sides of that comparison are called."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """Lay out the widgets."""
        yield TitleLine(self._named, self._glyphs)
        with Container(id="panes"):
            with Vertical(id="left"):
                with Container(id="layers-frame", classes="frame"):
                    yield self.make_list()
                yield StepDetails(id="details-frame", classes="frame")
            yield FilesPane(self._state, DiffFileTree(self._glyphs), DiffDetails(self._glyphs), self._glyphs)
        yield KeyLine()

    def on_mount(self) -> None:
        """Show the steps at once, and compare."""
        self.show_steps()
        self.show_all()
        self.files.rebuild()
        self.set_focus(self.file_tree)
        self.show_keys()
        if self._readers:
            self._read()
        else:
            self.compare()

    def on_unmount(self) -> None:
        """End the reading: the thread that waits for it would keep the application from ending."""
        for reader in self._readers:
            reader.close()

    @work(thread=True, exit_on_error=False, group="reader")
    def _read(self) -> None:
        trees = list[LoadedImage]()
        try:
            for reader in self._readers:
                trees.append(reader.load(partial(self._tell_share, len(trees))))
        except LayerscopeError as error:
            self.post_message(AllLayersRead([], str(error)))
        else:
            self.post_message(AllLayersRead(trees, None))

    def _tell_share(self, done: int, share: float) -> None:
        self.post_message(LayersBeingRead((done + share) / len(self._readers)))

    @on(LayersBeingRead)
    def _on_reading(self, message: LayersBeingRead) -> None:
        self._state.waiting = f"Reading the layers, {message.share:.0%}."
        self.files.rebuild()

    @on(AllLayersRead)
    def _on_read(self, message: AllLayersRead) -> None:
        if message.error is not None:
            self._state.waiting = message.error
            self.files.rebuild()
            self.become_ready()
            return
        self.take_trees(message.trees)
        self.show_steps()
        self.show_all()
        self.compare()

    def show_all(self) -> None:
        """Show all that is said in words."""
        self.title_line.show_parts(self.title_parts())
        self.step_details.show(self.step_fields())
        self.query_exactly_one("#details-frame").border_title = "Details"
        frame = self.query_exactly_one("#layers-frame")
        frame.border_title = "Steps"
        frame.border_subtitle = "comparing" if self._at_work is not None else ""

    def compare(self) -> None:
        """Compare what is wanted, unless that is shown already or another comparison still goes on."""
        wanted = self.wanted()
        if wanted is None or self._at_work is not None or wanted == self._shown:
            return
        self._at_work = wanted
        if self._state.compared is None:
            self._state.waiting = "Comparing."
            self.files.rebuild()
        self._compute(wanted, self.comparison(), self.sides())
        self.show_all()

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
        elif message.wanted == self.wanted():
            self._shown = message.wanted
            path = self.files.path if self.file_tree.cursor else None
            self._state.take(message.result)
            self.files.rebuild(message.result.tree.index.find(path) if path else 0)
            if self._state.unread:
                self.notify(self._state.unread, markup=False, severity="warning")
        self.show_all()
        self.call_after_refresh(self.become_ready)

    @on(MovesKnown)
    def _on_moves_known(self, message: MovesKnown) -> None:
        self._at_work = None
        message.result.moves.update(message.moves)
        if message.result is self._state.compared and message.moves:
            self.file_tree.refill()
            self.files.show_entry()
        self.compare()
        self.show_all()

    def marks(self) -> str:
        """Return what the marks and the last column of the tree say."""
        return "+ added, ~ modified, - removed. The last columns are by how much a path, with all below it, grew."

    def takes(self, key: str) -> bool:
        """Tell whether the screen can do what a key asks for: of the tree, nothing before there is one."""
        return super().takes(key) or not self.file_tree.has_focus

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Tell which keys work now."""
        if action == "back":
            return self.files.has_filter or len(self.app.screen_stack) > 1
        if action in ("choose", "extract"):
            return self.file_tree.has_focus
        return super().check_action(action, parameters)

    @on(LineList.Moved, "StepList")
    def _on_step_moved(self) -> None:
        self.choose(self.step_list.cursor)
        self.show_all()
        self.compare()

    @on(FileTree.Opened)
    def _on_opened(self, message: FileTree.Opened) -> None:
        """Show how the file differs, or, where it does not, the file."""
        if self._state.compared is None:
            return
        before, after = self._version(message.node, BEFORE), self._version(message.node, AFTER)
        other = self._state.other_place(message.node)
        if other is not None:
            before, after = before or self._version(other, BEFORE), after or self._version(other, AFTER)
        if after is not None and not self._state.differs(message.node):
            from layerscope.tui.file.screen import FileScreen  # noqa: PLC0415  # no part of the start

            self.app.push_screen(FileScreen(after.opened, after.node, after.at, self._glyphs))
        else:
            from layerscope.tui.file_diff.screen import FileDiffScreen  # noqa: PLC0415

            self.app.push_screen(FileDiffScreen(before, after, self._glyphs))

    def _version(self, node: int, layer: int) -> FileRevision | None:
        shown = self._state.compared
        if shown is None or not shown.tree.is_present(node, layer):
            return None
        opened = shown.comparison.old if layer == BEFORE else shown.comparison.new
        side = shown.tree.side(layer)
        return version_at(opened, side.node(node), side.state.layer)

    def action_back(self) -> None:
        """Clear the filter, or go back."""
        if self.files.has_filter:
            self.files.clear()
        elif len(self.app.screen_stack) > 1:
            self.dismiss()

    def action_step(self, step: int) -> None:
        """Compare at another step."""
        self.step_list.action_move(step)

    def action_extract(self) -> None:
        """Ask where to write what is under the cursor, as it is after, or as it was before it was removed."""
        node = self.file_tree.node
        version = None if node is None else self._version(node, AFTER) or self._version(node, BEFORE)
        if version is not None:
            from layerscope.tui.dialogs.extract import ExtractScreen  # noqa: PLC0415  # no part of the start

            self.app.push_screen(ExtractScreen(version.opened, version.node, version.at, self._glyphs))

    def action_copy(self) -> None:
        """Copy the path under the cursor."""
        self.copy(self.path_under_cursor)

    def action_quit(self) -> None:
        """Quit."""
        self.app.exit()
