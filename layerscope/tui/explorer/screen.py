"""The explorer: layers on the left, the file tree of the chosen one on the right."""

from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.getters import query_one

from layerscope.session.open import ImageSession
from layerscope.session.reading.background import BackgroundReader, LayersStacked, ReadingFailed
from layerscope.tui.drawing.glyphs import Glyphs
from layerscope.tui.explorer.layer_lines import layer_lines, reading_share
from layerscope.tui.explorer.layer_list import LayerList
from layerscope.tui.explorer.messages import ReadHappened
from layerscope.tui.explorer.navigation import Navigation
from layerscope.tui.explorer.step_details import StepDetails, image_fields, step_fields
from layerscope.tui.explorer.title import ImageTitle
from layerscope.tui.tree.entry_details import EntryDetails
from layerscope.tui.tree.file_tree import FileTree
from layerscope.tui.tree.pane import FilesPane
from layerscope.tui.tree.screen import LineKey
from layerscope.tui.tree.visible_rows import Scope
from layerscope.tui.widgets.key_line import KeyLine
from layerscope.tui.widgets.line_list import LineList

if TYPE_CHECKING:
    from layerscope.tui.widgets.fact_table import Target


class ExplorerScreen(Navigation):
    """Wires the widgets to the state and to the reader."""

    KEYS_IN_LINE: ClassVar[tuple[LineKey, ...]] = (
        ("help", "question_mark", "?", "help"),
        ("other_pane", "tab", "tab", "pane"),
        ("filter", "slash", "/", "filter"),
        ("next_match", "n", "n N", "match"),
        ("clear", "escape", "esc", "clear"),
        ("sort", "s", "s", "sort"),
        ("scope", "a", "a", "own"),
        ("changes", "c", "c", "changes"),
        ("size", "w", "w", "size"),
        ("diff", "d", "d", "diff"),
        ("extract", "x", "x", "extract"),
        ("history", "H", "H", "history"),
        ("quit", "q", "q", "quit"),
        ("layer", "right_square_bracket", "[ ]", "layer"),
        ("columns", "o", "o", "columns"),
        ("fold_all", "z", "z", "fold all"),
        ("image_details", "i", "i", "image"),
        ("empty_steps", "e", "e", "steps"),
        ("copy", "y", "y", "copy"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear", "clear", tooltip="Clear the filter, or the mark of a layer", id="explorer.clear"),
        Binding(
            "a",
            "scope",
            "merged/own",
            tooltip="Show the merged tree, or only what the layer holds",
            id="explorer.scope",
        ),
        Binding(
            "left_square_bracket",
            "layer(-1)",
            "layer down",
            key_display="[",
            tooltip="Go to the layer below",
            id="explorer.layer-down",
        ),
        Binding(
            "right_square_bracket",
            "layer(1)",
            "layer up",
            key_display="]",
            tooltip="Go to the layer above",
            id="explorer.layer-up",
        ),
        Binding(
            "e", "empty_steps", "empty steps", tooltip="Show or hide the steps that made no layer", id="explorer.steps"
        ),
        Binding(
            "i",
            "image_details",
            "image",
            tooltip="Show the details of the image, or of the chosen step",
            id="explorer.image",
        ),
        Binding(
            "y",
            "copy",
            "copy",
            tooltip="Copy the path, or the digest of the layer, to the clipboard",
            id="explorer.copy",
        ),
        Binding("q", "quit", "quit", tooltip="Quit", id="explorer.quit"),
    ]

    layer_list = query_one(LayerList)
    title_line = query_one(ImageTitle)

    def __init__(self, session: ImageSession, reader: BackgroundReader, glyphs: Glyphs) -> None:
        super().__init__(session, glyphs)
        self._reader = reader
        self._shows_image = False

    def compose(self) -> ComposeResult:
        """Lay out the widgets."""
        yield ImageTitle(self._session.image, self._glyphs)
        with Container(id="panes"):
            with Vertical(id="left"):
                with Container(id="layers-frame", classes="frame"):
                    yield LayerList(self._glyphs)
                yield StepDetails(id="details-frame", classes="frame")
            yield FilesPane(self._state, FileTree(self._glyphs), EntryDetails(self._glyphs), self._glyphs)
        yield KeyLine()

    def on_mount(self) -> None:
        """Show the steps at once, and take in what the reader has."""
        self._show_layers()
        self._show_details()
        self._show_title()
        self.files.rebuild()
        self.set_focus(self.layer_list)
        self.show_keys()
        self._read()

    def on_unmount(self) -> None:
        """End the reading: the thread that waits for it would keep the application from ending."""
        self._reader.close()

    @work(thread=True, exit_on_error=False, group="reader")
    def _read(self) -> None:
        for event in self._reader.events():
            self.post_message(ReadHappened(event))

    @on(ReadHappened)
    def _on_read(self, message: ReadHappened) -> None:
        event, state = message.event, self._state
        if isinstance(event, ReadingFailed):
            state.reading.failure = event.reason
            self.files.rebuild()
        elif isinstance(event, LayersStacked):
            path = self.files.path if self.file_tree.cursor else None
            state.take_tree(event)
            self.files.rebuild(event.tree.index.find(path) if path else 0)
        else:
            state.take(event)
        # not where the state has it: a move may still be on its way
        self.layer_list.show(layer_lines(state), self.layer_list.cursor)
        self._show_title()
        if isinstance(event, LayersStacked):
            self._show_details()

    def _show_layers(self) -> None:
        steps = self._state.steps
        chosen = next((place for place, step in enumerate(steps) if step is self._state.step), 0)
        self.layer_list.show(layer_lines(self._state), chosen)

    def _show_details(self) -> None:
        state, frame = self._state, self.query_exactly_one("#details-frame")
        if self._shows_image or state.step is None:
            frame.border_title = "Image"
            self.step_details.show(image_fields(state.image, state.tallies))
        else:
            frame.border_title = f"Layer {state.step.layer}" if state.step.layer else "Step without a layer"
            self.step_details.show(step_fields(state.step, state.layer_of(state.step), state.tallies))

    def _show_title(self) -> None:
        reading, marked = self._state.reading, self._state.marked
        share = reading_share(self._state)
        self.title_line.show(self._state.tallies, complete=reading.complete, failure=reading.failure, done=share)
        frame = self.query_exactly_one("#layers-frame")
        frame.border_title = "Layers"
        frame.border_subtitle = f"d on another layer compares it with layer {marked}" if marked else ""

    def marks(self) -> str:
        """Return what the marks and the last column of the tree say."""
        touched, untouched = self._glyphs.touched, self._glyphs.untouched
        cells = f"one cell for each layer: its mark, {touched} a change below it, {untouched} nothing"
        return f"+ added, ~ modified, - removed. The last column is what happened to a path, {cells}."

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Tell which keys work now."""
        if action == "clear":
            return self.files.has_filter or bool(self._state.marked)
        return super().check_action(action, parameters)

    @on(LineList.Moved, "LayerList")
    def _on_layer_moved(self) -> None:
        self._state.step = self._state.steps[self.layer_list.cursor]
        self._layer_chosen()

    def _layer_chosen(self, node: int | None = None) -> None:
        if self._state.layer:
            self._reader.prefer(self._state.layer)
        self._shows_image = False
        self.files.rebuild(node)
        # they lay out the screen anew: not before the answer is on it
        self.call_after_refresh(self._show_details)

    def action_clear(self) -> None:
        """Clear the filter, or else the mark of a layer."""
        if self.files.has_filter:
            self.files.clear()
        else:
            self.mark(0)

    def action_scope(self) -> None:
        """Show the merged tree, or the layer's own."""
        self._state.show_other_scope()
        self.files.rebuild()

    def action_layer(self, step: int) -> None:
        """Go to the next layer, or the one before."""
        if self._state.choose_layer(self._state.layer + step):
            self._show_layers()
            self._layer_chosen()

    def show_place(self, target: "Target | None") -> None:
        """Show a place in the tree, unfolded."""
        tree = self._state.tree
        if target is None or not self._state.choose_layer(target.layer):
            return
        self._state.scope, self._state.changes_only = Scope.MERGED, False
        if target.node is not None and tree is not None:
            self.files.clear()
            self._state.reveal(tree.index, target.node)
            self.set_focus(self.file_tree)
        self._show_layers()
        self._layer_chosen(target.node)

    def mark(self, layer: int) -> None:
        """Mark a layer to compare another one with; 0 takes the mark back."""
        self._state.marked = layer
        self._show_layers()
        self._show_title()
        self.show_keys()

    def action_empty_steps(self) -> None:
        """Show or hide the steps that made no layer."""
        self._state.show_other_steps()
        self._show_layers()
        self._layer_chosen()

    def action_image_details(self) -> None:
        """Show the details of the image, or of the step."""
        self._shows_image = not self._shows_image
        self._show_details()
        if not self.step_details.is_on_screen:
            # where there is no room for both, the details are beside the layers
            self.set_focus(self.layer_list)

    def action_copy(self) -> None:
        """Copy what the cursor stands on: a path, or the digest of a layer."""
        self.copy(self.path_under_cursor if self.file_tree.has_focus else self._state.digest)

    def action_quit(self) -> None:
        """Quit."""
        self.app.exit()
