"""The explorer: layers on the left, the file tree of the chosen one on the right."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.getters import query_one
from textual.screen import Screen

from layerscope.analysis.query import parse_query
from layerscope.analysis.visible_rows import Scope, Sort, VisibleRows
from layerscope.errors import UsageError
from layerscope.session.background import BackgroundReader, LayersStacked, ReadingFailed
from layerscope.session.session import ImageSession
from layerscope.text import path_text, plural, printable_line, printable_name
from layerscope.tui.explorer_state import ExplorerState
from layerscope.tui.glyphs import Glyphs
from layerscope.tui.layer_lines import layer_lines, reading_share
from layerscope.tui.messages import ReadHappened
from layerscope.tui.screens.help import HelpScreen
from layerscope.tui.slices import FIRST_SLICE, NEXT_SLICE, SECONDS_A_PICTURE, run_for
from layerscope.tui.widgets.entry_details import EntryDetails
from layerscope.tui.widgets.file_tree import COLUMN_SETS, FileTree
from layerscope.tui.widgets.image_title import ImageTitle
from layerscope.tui.widgets.key_line import Key, KeyLine
from layerscope.tui.widgets.layer_list import LayerList
from layerscope.tui.widgets.line_list import LineList
from layerscope.tui.widgets.step_details import StepDetails, image_fields, step_fields

if TYPE_CHECKING:
    from textual.widget import Widget

    from layerscope.session.weighing import Weighing
    from layerscope.tui.widgets.fact_table import Target
    from layerscope.tui.widgets.filter_bar import FilterBar

_OPEN_ALL = 1 << 15

_KEYS_IN_LINE = (
    ("help", "question_mark", "?", "help"),
    ("other_pane", "tab", "tab", "pane"),
    ("filter", "slash", "/", "filter"),
    ("next_match", "n", "n N", "match"),
    ("clear", "escape", "esc", "clear"),
    ("sort", "s", "s", "sort"),
    ("scope", "a", "a", "own"),
    ("changes", "c", "c", "changes"),
    ("weight", "w", "w", "size"),
    ("quit", "q", "q", "quit"),
    ("layer", "right_square_bracket", "[ ]", "layer"),
    ("columns", "o", "o", "columns"),
    ("fold_all", "z", "z", "fold all"),
    ("image_details", "i", "i", "image"),
    ("empty_steps", "e", "e", "steps"),
    ("copy", "y", "y", "copy"),
)
"""What the footer shows while it works and fits: action, key, how it is written, its word. The help has all keys."""


_KEYS_IN_FILTER = (("enter", "enter", "go to the match"), ("escape", "esc", "clear"), ("tab", "tab", "pane"))
"""What the footer shows while a filter is typed: all other keys are text."""


def _key(
    keys: str, action: str, description: str, tooltip: str, shown: str | None = None, *, priority: bool = False
) -> Binding:
    name = f"explorer.{description}"
    return Binding(keys, action, description, key_display=shown, tooltip=tooltip, id=name, priority=priority)


class ExplorerScreen(Screen[object]):
    """Wires the widgets to the state and to the reader."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012  # Textual's own name and type
    BINDINGS: ClassVar[list[BindingType]] = [
        _key("question_mark", "help", "help", "Show all keys", "?"),
        _key(
            "slash",
            "filter",
            "filter",
            "Filter as you type: text, a glob with * or ?, re: for a regular expression",
            "/",
            # else keys that follow at once would not find the filter open
            priority=True,
        ),
        _key("n", "next_match(1)", "next", "Go to the next match"),
        _key("N", "next_match(-1)", "previous", "Go to the match before", "N"),
        _key("escape", "clear", "clear", "Clear the filter", "esc"),
        _key("s", "sort", "sort", "Sort by size, or by name"),
        _key("a", "scope", "merged/own", "Show the merged tree, or only what the layer holds"),
        _key("c", "changes", "changes", "Show changes only, or everything"),
        _key("left_square_bracket", "layer(-1)", "layer down", "Go to the layer below", "["),
        _key("right_square_bracket", "layer(1)", "layer up", "Go to the layer above", "]"),
        _key("z", "fold_all", "fold all", "Fold all folders"),
        _key("Z,E", "unfold_all", "open all", "Open all folders", "Z"),
        *[
            Binding(
                str(depth),
                f"open_to({depth})",
                f"to depth {depth}",
                show=False,
                id=f"explorer.depth-{depth}",
                tooltip=f"Open all folders down to depth {depth}",
            )
            for depth in range(1, 10)
        ],
        _key("w", "weight", "size", "Show what makes the image large, what is dead and why, and what to change"),
        _key("o", "columns", "columns", "Show mode and owner, then times and layers too, then neither"),
        _key("e", "empty_steps", "empty steps", "Show or hide the steps that made no layer"),
        _key("i", "image_details", "image", "Show the details of the image, or of the chosen step"),
        _key("y", "copy", "copy", "Copy the path, or the digest of the layer, to the clipboard"),
        _key(
            "tab",
            "other_pane(1)",
            "next pane",
            "Go to the next pane: layers, files, details that are longer than their place",
        ),
        _key("shift+tab", "other_pane(-1)", "pane before", "Go to the pane before"),
        _key("q", "quit", "quit", "Quit"),
    ]
    DEFAULT_CSS = """
    ExplorerScreen {
        layout: vertical;
        background: $background;
        #panes { height: 1fr; layout: horizontal; }
        #left { width: 42%; max-width: 72; }
        .frame { border: round $foreground 30%; }
        .frame { border-title-color: $foreground; border-subtitle-color: $foreground 60%; }
        .frame:focus-within { border: round $primary; border-title-style: bold; }
        #layers-frame { height: 1fr; min-height: 4; }
        #details-frame { height: auto; max-height: 40%; }
        #files-frame { width: 1fr; height: 1fr; }
        &.-narrow #panes { layout: vertical; }
        &.-narrow #left { width: 100%; max-width: 100%; height: 8; }
        &.-narrow #left:focus-within { height: 65%; }
        &.-narrow #details-frame { display: none; }
        &.-narrow #left:focus-within #details-frame { display: block; }
        &.-narrow #files-frame { width: 100%; }
        &.-narrow #left:focus-within #details-frame { max-height: 50%; }
        &.-narrow EntryDetails { min-height: 1; max-height: 1; }
        &.-narrow #files-frame:focus-within EntryDetails { min-height: 2; max-height: 6; }
        &.-ascii .frame { border: ascii $foreground 30%; }
        &.-ascii .frame:focus-within { border: ascii $primary; }
    }
    """

    layer_list = query_one(LayerList)
    file_tree = query_one(FileTree)
    step_details = query_one(StepDetails)
    entry_details = query_one(EntryDetails)
    title_line = query_one(ImageTitle)
    key_line = query_one(KeyLine)

    def __init__(self, session: ImageSession, reader: BackgroundReader, glyphs: Glyphs) -> None:
        super().__init__(classes="" if glyphs.has_unicode else "-ascii")
        self._session = session
        self._reader = reader
        self._glyphs = glyphs
        self._state = ExplorerState(session.image)
        self._shows_image = False
        self._wanted_node: int | None = None
        self._growing = False
        self._filter_bar: FilterBar | None = None
        self._weighing: Weighing | None = None

    def compose(self) -> ComposeResult:
        """Lay out the widgets."""
        yield ImageTitle(self._session.image, self._glyphs)
        with Container(id="panes"):
            with Vertical(id="left"):
                with Container(id="layers-frame", classes="frame"):
                    yield LayerList(self._glyphs)
                yield StepDetails(id="details-frame", classes="frame")
            with Vertical(id="files-frame", classes="frame"):
                yield FileTree(self._glyphs)
                yield EntryDetails(self._glyphs)
        yield KeyLine()

    def on_mount(self) -> None:
        """Show the steps at once, and take in what the reader has."""
        self._show_layers()
        self._show_details()
        self._show_title()
        self._rebuild()
        self.layer_list.focus()
        self._show_keys()
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
            state.reading.failure = f"the reading ended early (status {event.status})"
            self._rebuild()
        elif isinstance(event, LayersStacked):
            path = self._cursor_path() if self.file_tree.cursor else None
            state.take_tree(event)
            self._rebuild(event.tree.index.find(path) if path else 0)
        else:
            state.take(event)
        # not where the state has it: a move may still be on its way
        self.layer_list.show(layer_lines(state), self.layer_list.cursor)
        self._show_title()
        if isinstance(event, LayersStacked):
            self._show_details()

    def _cursor_path(self) -> bytes | None:
        node, rows = self.file_tree.node, self.file_tree.rows
        return rows.tree.index.path(node) if rows is not None and node is not None else None

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
        reading = self._state.reading
        share = reading_share(self._state)
        self.title_line.show(self._state.tallies, complete=reading.complete, failure=reading.failure, done=share)
        self.query_exactly_one("#layers-frame").border_title = "Layers"

    def _rebuild(self, node: int | None = None) -> None:
        """Build the rows anew and put the cursor on a node, or keep it on the path where it is."""
        self.workers.cancel_group(self, "rows")
        rows = self._state.rows()
        if rows is None:
            self.file_tree.show(None, 0, columns=0, marked=False)
            self._show_frame(None)
            return
        # a cursor at the top stays there, whatever comes to stand there
        self._wanted_node = (self.file_tree.node if self.file_tree.cursor else 0) if node is None else node
        building = rows.build()
        self._growing = not run_for(building, FIRST_SLICE)
        self._show_rows(rows)
        if self._growing:
            self._go_on(rows, building)

    @work(exclusive=True, group="rows")
    async def _go_on(self, rows: VisibleRows, building: Iterator[None]) -> None:
        painted = time.monotonic()
        while not run_for(building, NEXT_SLICE):
            if time.monotonic() - painted > SECONDS_A_PICTURE:
                self.file_tree.grow()
                self._show_frame(rows)
                painted = time.monotonic()
            await asyncio.sleep(0)
        self._growing = False
        self._show_rows(rows)

    def _show_rows(self, rows: VisibleRows) -> None:
        row = rows.row_of(self._wanted_node) if self._wanted_node else 0
        self.file_tree.show(rows, row or 0, columns=self._state.columns, marked=self._state.is_settled)
        self._show_frame(rows)

    def _show_frame(self, rows: VisibleRows | None) -> None:
        state, frame = self._state, self.query_exactly_one("#files-frame")
        separator = f" {self._glyphs.separator} "
        frame.border_title = f"Files after layer {state.layer}" if state.layer else "Files"
        if rows is None:
            frame.border_subtitle = ""
            self.entry_details.say(self._why_no_tree())
            return
        words = [rows.view.scope.value, *(["changes only"] if rows.view.changes_only else [])]
        words += [f"by {rows.view.sort.value}", f"{len(rows):,} rows"]
        if rows.view.query is not None:
            words.append(plural(rows.matches, "match", "matches"))
        if not state.is_settled:
            words.insert(0, "layers below are still being read")
        frame.border_subtitle = separator.join(words)
        self._show_entry()

    def _why_no_tree(self) -> str:
        state = self._state
        if not state.image.layers:
            return "This image has no layers."
        if not state.layer:
            return "No layer has been made at this step."
        return state.reading.failure or f"Layer {state.layer} is being read."

    def _show_entry(self) -> None:
        rows, node = self.file_tree.rows, self.file_tree.node
        if rows is None:
            return
        row = rows.tree.row(node, rows.view.layer) if node is not None else None
        if row is None:
            self.entry_details.say(self._why_no_rows(rows))
        else:
            self.entry_details.show(rows.tree, row, rows.view.layer)

    def _why_no_rows(self, rows: VisibleRows) -> str:
        tally = self._state.tallies.layers.get(rows.view.layer)
        if rows.view.query is not None:
            return "Nothing matches."
        if tally is not None and tally.error:
            return f"Layer {rows.view.layer}: {tally.error}"
        if rows.view.changes_only or rows.view.scope is Scope.OWN:
            return "This layer holds no changes." if rows.view.changes_only else "This layer holds nothing."
        return "There are no files."

    def _show_keys(self) -> None:
        self.key_line.show(list(self._active_keys()))

    def _active_keys(self) -> Iterable[Key]:
        if self._is_filtering:
            yield from _KEYS_IN_FILTER
            return
        for action, key, written, does in _KEYS_IN_LINE:
            if self.check_action(action, ()):
                yield key, written, does

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # Textual's
        """Tell which keys work now."""
        if action == "next_match":
            return self._state.query is not None
        if action == "clear":
            return self._state.query is not None or (self._filter_bar is not None and self._filter_bar.display)
        return not (action == "filter" and self._is_filtering)

    @property
    def _is_filtering(self) -> bool:
        return self._filter_bar is not None and self._filter_bar.has_focus

    def on_descendant_focus(self) -> None:
        """Show the keys that work in the pane."""
        self._show_keys()

    @on(LineList.Moved, "LayerList")
    def _on_layer_moved(self) -> None:
        self._state.step = self._state.steps[self.layer_list.cursor]
        self._layer_chosen()

    @on(LineList.Moved, "FileTree")
    def _on_row_moved(self) -> None:
        self._wanted_node = self.file_tree.node
        self._show_entry()

    @on(FileTree.Toggled)
    def _on_toggled(self, message: FileTree.Toggled) -> None:
        rows, row = self.file_tree.rows, message.row
        if rows is None or row >= len(rows):
            return
        if self._growing:
            rows.folds.toggled ^= {rows.nodes[row]}
            self._rebuild(rows.nodes[row])
            return
        rows.toggle(row)
        self._wanted_node = rows.nodes[row]
        self._show_rows(rows)

    def _layer_chosen(self, node: int | None = None) -> None:
        if self._state.layer:
            self._reader.prefer(self._state.layer)
        self._shows_image = False
        self._show_details()
        self._rebuild(node)

    def on_input_changed(self, message: "FilterBar.Changed") -> None:
        """Look for what was typed so far."""
        message.stop()
        try:
            self._state.filter(parse_query(message.value))
        except UsageError as error:
            self.entry_details.say(printable_line(str(error)))
            return
        self._rebuild()
        self._show_keys()

    def on_input_submitted(self) -> None:
        """Go on in the tree, at a match."""
        self.file_tree.focus()
        rows = self.file_tree.rows
        if rows is not None and len(rows) and not rows.is_match(rows.nodes[self.file_tree.cursor]):
            self.action_next_match(1)

    def action_press(self, key: str) -> None:
        """Do what a key does, for the mouse."""
        self.app.simulate_key(key)

    def action_help(self) -> None:
        """Show all keys."""
        self.app.push_screen(HelpScreen(self._glyphs))

    def action_filter(self) -> None:
        """Open the filter."""
        if self._filter_bar is None:
            # most looks at an image need none, and it costs a tenth of the start
            from layerscope.tui.widgets.filter_bar import FilterBar  # noqa: PLC0415

            self._filter_bar = FilterBar()
            self.query_exactly_one("#files-frame").mount(self._filter_bar, before=self.entry_details)
        self._filter_bar.display = True
        # at once, so that the next key finds it there
        self.set_focus(self._filter_bar)

    def action_clear(self) -> None:
        """Clear the filter, the cursor still on what it found."""
        if self._filter_bar is not None:
            with self.prevent(self._filter_bar.Changed):
                self._filter_bar.clear()
            self._filter_bar.display = False
            self.file_tree.focus()
        if self._state.query is not None:
            node = self.file_tree.node or 0
            self._state.filter(None)
            self._state.reveal(node)
            self._rebuild(node)
        self._show_keys()

    def action_next_match(self, step: int) -> None:
        """Go to another match."""
        rows = self.file_tree.rows
        row = rows.next_match(self.file_tree.cursor, step) if rows is not None else None
        if row is not None:
            self.file_tree.move_to(row)

    def action_sort(self) -> None:
        """Sort the other way."""
        self._state.sort = Sort.NAME if self._state.sort is Sort.SIZE else Sort.SIZE
        self._rebuild()

    def action_scope(self) -> None:
        """Show the merged tree, or the layer's own."""
        self._state.scope = Scope.OWN if self._state.scope is Scope.MERGED else Scope.MERGED
        self._rebuild()

    def action_changes(self) -> None:
        """Show changes only, or everything."""
        self._state.changes_only = not self._state.changes_only
        self._rebuild()

    def action_layer(self, step: int) -> None:
        """Go to the next layer, or the one before."""
        if self._state.choose_layer(self._state.layer + step):
            self._show_layers()
            self._layer_chosen()

    def action_open_to(self, depth: int) -> None:
        """Open all folders down to a depth."""
        self._state.open_to(depth)
        self._rebuild()

    def action_fold_all(self) -> None:
        """Fold all folders."""
        self.action_open_to(0)

    def action_unfold_all(self) -> None:
        """Open all folders."""
        self.action_open_to(_OPEN_ALL)

    def action_weight(self) -> None:
        """Show what makes the image large."""
        tree = self._state.tree
        if tree is None or not self._state.reading.complete:
            self.notify("All layers have to be read first.", markup=False, timeout=3)
            return
        # the analysis is no part of the start
        from layerscope.session.contents import Contents  # noqa: PLC0415
        from layerscope.session.weighing import Weighing  # noqa: PLC0415
        from layerscope.tui.screens.weight import WeightScreen  # noqa: PLC0415

        if self._weighing is None:
            contents = Contents(self._session.image, tree)
            self._weighing = Weighing(self._session.image, tree, self._state.tallies, contents)
        self.app.push_screen(WeightScreen(self._weighing, self._glyphs), self._go_to)

    def _go_to(self, target: "Target | None") -> None:
        """Show a place in the tree, unfolded."""
        if target is None or not self._state.choose_layer(target.layer):
            return
        self._state.scope, self._state.changes_only = Scope.MERGED, False
        if target.node is not None and self._state.tree is not None:
            self.action_clear()
            self._state.reveal(target.node)
            self.file_tree.focus()
        self._show_layers()
        self._layer_chosen(target.node)

    def action_columns(self) -> None:
        """Show the next set of attribute columns."""
        self._state.columns = (self._state.columns + 1) % len(COLUMN_SETS)
        self._rebuild()

    def action_empty_steps(self) -> None:
        """Show or hide the steps that made no layer."""
        state = self._state
        state.show_empty_steps = not state.show_empty_steps
        if state.step is not None and not state.step.layer and not state.choose_layer(state.layer):
            state.step = state.steps[0] if state.steps else None
        self._show_layers()
        self._layer_chosen()

    def action_image_details(self) -> None:
        """Show the details of the image, or of the step."""
        self._shows_image = not self._shows_image
        self._show_details()

    def action_copy(self) -> None:
        """Copy the path under the cursor, or the digest of the chosen layer."""
        text = self._to_copy()
        if text:
            self.app.copy_to_clipboard(text)
            self.notify(text, title="Copied", markup=False, timeout=3)

    def _to_copy(self) -> str | None:
        path = self._cursor_path()
        if self.file_tree.has_focus and path is not None:
            text = path_text(path)
            return text if text.isprintable() else f"/{printable_name(path)}"
        layer = self._state.layer_of(self._state.step) if self._state.step else None
        return str(layer.digest or layer.diff_id or "") if layer else None

    def action_other_pane(self, step: int) -> None:
        """Go to the next of the panes: layers, files, and the details where they are longer than their place."""
        panes: list[Widget] = [self.layer_list, self.file_tree]
        if (self.step_details.max_scroll_y and self.step_details.is_on_screen) or self.step_details.has_focus:
            panes.append(self.step_details)
        at = next((place for place, pane in enumerate(panes) if pane.has_focus), 0)
        panes[(at + step) % len(panes)].focus()

    def action_quit(self) -> None:
        """Quit."""
        self.app.exit()

    def commands(self) -> Iterable[SystemCommand]:
        """Yield what the keys do, for the command palette."""
        for bindings in self._bindings.key_to_bindings.values():
            for binding in bindings:
                if binding.tooltip and self.check_action(binding.action.split("(")[0], ()):
                    yield SystemCommand(
                        binding.tooltip, f"Key: {binding.key_display or binding.key}", self._runner(binding)
                    )

    def _runner(self, binding: Binding) -> Callable[[], object]:
        return lambda: self.call_later(self.run_action, binding.action)
