"""The explorer: layers on the left, the file tree of the chosen one on the right."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message

from layerscope.analysis.tree.layered_tree import TreeRow
from layerscope.session.image_session import ImageSession
from layerscope.session.reading.background import (
    ImageReceived,
    LayerReader,
    LayersStacked,
    ReadEvent,
    ReadingFailed,
    ReceiveEvent,
    read_in_background,
)
from layerscope.text import printable_name
from layerscope.tui.drawing.glyphs import glyphs_of
from layerscope.tui.explorer.file_tree import LayerFileTree
from layerscope.tui.explorer.keys import EXPLORER_KEYS, EXPLORER_TABLE, TYPED_SEARCH, legend
from layerscope.tui.explorer.layer_list import LayerList
from layerscope.tui.explorer.panes import ImageTitle, LayerPanes, Visits, refreshed_sentence
from layerscope.tui.explorer.reports import DeadFound, FactsFound, ReaderReported, RegistryAnswered, Reports
from layerscope.tui.explorer.state import ExplorerState
from layerscope.tui.keys.order import LeftOnce, SaysWhyNot, is_first
from layerscope.tui.keys.table import HELP, Key, OffersMore, bindings
from layerscope.tui.services import copy_text, services_of, warn
from layerscope.tui.tree.entry_details import EntryDetails, RowNotes
from layerscope.tui.tree.file_tree import FileTree
from layerscope.tui.tree.keys import MOUSE_NOTE
from layerscope.tui.tree.pane import FilesPane
from layerscope.tui.tree.panes import FilesPanes
from layerscope.tui.tree.view import Scope
from layerscope.tui.widgets.key_line import KeyLine
from layerscope.tui.widgets.line_list import LineList
from layerscope.tui.widgets.step_list import StepList

if TYPE_CHECKING:
    from layerscope.tui.explorer.navigation import Navigation
    from layerscope.tui.widgets.row_table import Target


class ExplorerScreen(LeftOnce[object], SaysWhyNot, OffersMore):
    """The widgets of an image, wired to its state and to the reader of its layers."""

    BINDINGS: ClassVar[list[BindingType]] = bindings((HELP, *EXPLORER_KEYS, TYPED_SEARCH))
    why_not: ClassVar[Mapping[str, str]] = {"switch": "There is only this image, for one platform."}
    DEFAULT_CSS = """
    ExplorerScreen { layout: vertical; background: $background; }
    """

    @dataclass
    class Replaced(Message):
        """The screen shows another image than before, or the same one opened again; the one before is closed."""

        session: ImageSession

    def __init__(self, session: ImageSession, reader: LayerReader) -> None:
        super().__init__()
        self.session = session
        self._reader = reader
        self._state = ExplorerState(session.image, is_awaited=session.is_awaited)
        self._ways_on: Navigation | None = None
        self._reports = Reports(self)
        self.title_line = ImageTitle(session)
        self.layer_list = LayerList()
        self.file_tree = LayerFileTree()
        self.files = FilesPane(self._state, self.file_tree, EntryDetails(self._origin_of))
        self.panes = FilesPanes(self.layer_list, self.files)
        self._layers = LayerPanes(self._state, self.title_line, self.layer_list, self.panes)
        self._visits = Visits(self.panes)
        self._sought_path: bytes | None = None

    def compose(self) -> ComposeResult:
        yield self.title_line
        yield self.panes
        yield KeyLine(EXPLORER_TABLE)

    def on_mount(self) -> None:
        """Show the steps, and start to read the layers."""
        self._state.settings.prefer(services_of(self).preferences.settings)
        self._layers.show()
        self.files.rebuild()
        self.panes.go_to(self.layer_list)
        self.refresh_bindings()
        # after the first picture, whose layout what the reader has sent by now would delay: the screen is laid out next
        self.call_later(self._reports.read, self._reader)
        if self._state.reading.export:
            # an engine may be silent for minutes before the first byte
            self.set_interval(1, self._layers.show_title)
            self._reports.receive(self.session, self._reader)

    def on_unmount(self) -> None:
        """Stop the reader and the export: the threads that wait for them would keep the application from ending."""
        self._reader.close()
        self.session.stop_reading()
        settings = self._state.settings
        preferences = services_of(self).preferences
        preferences.remember(sort=settings.sort.value, columns=settings.columns)
        if reference := self.session.lasting_reference:
            preferences.remember_opened(reference)

    @on(ReaderReported)
    def _on_reported(self) -> None:
        for event in self._reports.taken(self._reader):
            self._take(event)
        self.layer_list.redraw()
        self._layers.show_title()

    def _take(self, event: ReadEvent | ReceiveEvent) -> None:
        if isinstance(event, ReadingFailed):
            self._state.reading.failure = event.reason
            self.files.rebuild()
        elif isinstance(event, ImageReceived):
            self._state.take_image(event.image)
            self.title_line.take(self.session)
            self._layers.show_layers()
            self._layers.show_details()
        elif isinstance(event, LayersStacked):
            self._show_tree(event)
        else:
            self._state.reading.take(event)

    def _show_tree(self, event: LayersStacked) -> None:
        """Show the tree of the layers read so far, the cursor on the same path as before."""
        path = self._sought_path or (self.files.path if self.file_tree.cursor else None)
        self._state.take_tree(event)
        # the layers that have been read so far may not have it
        self._sought_path = None if event.last else path
        self.files.rebuild((event.tree.index.find(path) if path else None) or 0)
        # The list keeps its own cursor: a move of it may not have been handled yet.
        self._layers.show_layers(self.layer_list.cursor)
        self._layers.show_details()
        if event.last:
            self._reports.find_facts(self.session, event)

    @property
    def _navigation(self) -> "Navigation":
        if self._ways_on is None:
            # 190 ms for all other screens; `Reports` imports them in the background
            from layerscope.tui.explorer.navigation import Navigation  # noqa: PLC0415

            self._ways_on = Navigation(self, self.session, self._state)
        return self._ways_on

    def _origin_of(self, row: TreeRow) -> RowNotes:
        return self._state.origin_of(row)

    @on(LineList.Moved, "FileTree")
    @on(events.DescendantFocus)
    def _on_files_moved(self) -> None:
        """Light up the layer that last wrote the path under the cursor."""
        self._layers.light_up()

    @on(LineList.Moved, "FileTree")
    def _stop_seeking(self) -> None:
        """Leave the cursor where the user has moved it."""
        self._sought_path = None

    @on(FactsFound)
    def _on_facts_found(self, message: FactsFound) -> None:
        self._state.packages, self._state.sbom = message.facts.packages, message.facts.sbom
        self.title_line.secrets = len(message.facts.secrets)
        self._layers.show_title()
        self.files.show_entry()

    @on(DeadFound)
    def _on_dead_found(self, message: DeadFound) -> None:
        self._state.dead_files += message.files
        self.file_tree.redraw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "back":
            return self.files.has_filter or bool(self._visits) or not is_first(self)
        if action == "all_layers":
            return self.files.is_filtering or not parameters
        return action != "switch" or len(self.session.choices) > 1

    @on(LineList.Moved, "LayerList")
    def _on_layer_moved(self) -> None:
        self._state.choose_item(self.layer_list.cursor)
        self._layer_chosen()

    def _layer_chosen(self, node: int | None = None) -> None:
        if self._state.layer:
            self._reader.prefer(self._state.layer)
        self.files.rebuild(node)
        self._layers.after_move()

    @on(FileTree.Opened)
    def _on_opened(self, message: FileTree.Opened) -> None:
        self._navigation.open_file(message.node)

    @on(LayerFileTree.LayerChosen)
    def _on_trace_clicked(self, message: LayerFileTree.LayerChosen) -> None:
        self._go_to_layer(message.layer)

    def show_target(self, reopen: Callable[[], None], target: "Target | None") -> None:
        """Show a path in the tree of a layer, its folders unfolded; ``reopen`` leads back to where it was chosen."""
        if target is not None and target.layer:
            self._show_path(target.layer, target.node, reopen)

    def _show_path(self, layer: int, node: int | None, reopen: Callable[[], None] | None) -> None:
        self._visit(reopen)
        self._go_to(layer, Scope.MERGED)
        if node is not None and self._state.tree is not None:
            self.files.clear()
            self._state.settings.reveal(self._state.tree.index, node)
            self.panes.go_to(self.file_tree)
        self._layer_chosen(node)

    @on(FileTree.Elsewhere)
    def _on_elsewhere(self) -> None:
        """Go to the only match that is not in the tree, or list those in all layers."""
        rows = self.file_tree.rows
        found = self._state.found_elsewhere(rows) if rows is not None else None
        if found is None:
            self.action_all_layers()
        else:
            self._show_path(found.layer, found.node, None)

    def _visit(self, reopen: Callable[[], None] | None = None) -> None:
        """Keep what is on the screen, to come back to it."""
        self._visits.keep(self._state, reopen)
        self.refresh_bindings()

    def _go_to(self, layer: int, scope: Scope) -> None:
        self._state.choose_layer(layer)
        self._state.settings.show(scope)
        self._layers.show_layers()

    @on(StepList.Entered)
    def _on_entered(self) -> None:
        """Show what the layer under the cursor changed."""
        self.action_view(Scope.OWN.value)
        self.panes.go_to(self.file_tree)

    @on(StepList.Left)
    @on(FileTree.Left)
    def _on_left(self) -> None:
        """Go back, or else from the files to the layers."""
        if self._visits or not is_first(self):
            self._go_back()
        else:
            self.panes.go_to(self.layer_list)

    def _go_back(self) -> None:
        if not self._visits:
            self.dismiss()
            return
        visit = self._visits.go_back(self._state)
        self._layers.show_layers()
        self.layer_list.scroll_back(visit.steps_top)
        self._layers.after_move()
        if visit.reopen is not None:
            visit.reopen()

    def _mark(self, layer: int) -> None:
        """Mark a layer to compare another one with, or, with 0, none."""
        self._state.marked = layer
        self._layers.show_layers()
        self._layers.show_title()
        self.panes.show_changed_steps()
        self.refresh_bindings()

    def action_help(self) -> None:
        """Show all keys, and what marks and bars mean."""
        from layerscope.tui.dialogs.help import HelpScreen  # noqa: PLC0415  # 2 ms, not before it is needed

        self.app.push_screen(HelpScreen(EXPLORER_TABLE, (*legend(glyphs_of(self)), MOUSE_NOTE)))

    def action_back(self) -> None:
        """Clear the filter, or else go back: in the explorer, or to the screen that opened the image."""
        if self.files.has_filter:
            self.files.clear()
        else:
            self._go_back()

    def action_view(self, scope: str) -> None:
        """Show all files after the layer, or only what the layer changed; the view before is not visited twice."""
        if self._state.settings.scope is not Scope(scope):
            if self._visits.drop(self._state, Scope(scope)):
                self.refresh_bindings()
            else:
                self._visit()
            self._state.settings.show(Scope(scope))
            # if the files have the focus, the cursor stays on its path
            self.files.rebuild(self.file_tree.node if self.file_tree.has_focus else 0)
        self.panes.bring_up_files()

    def action_scope(self) -> None:
        self.action_view(self._state.settings.scope.other.value)

    def action_layer(self, step: int) -> None:
        if not self._go_to_layer(self._state.layer + step):
            warn(self, f"This is the {'last' if step > 0 else 'first'} layer.")

    def _go_to_layer(self, layer: int) -> bool:
        is_there = self._state.choose_layer(layer)
        if is_there:
            self._layers.show_layers()
            self._layer_chosen()
        return is_there

    def action_empty_steps(self) -> None:
        """Show or hide the steps that made no layer."""
        self._state.toggle_empty_steps()
        self._layers.show_layers()
        self._layer_chosen()
        self.panes.show_changed_steps()

    def action_image_details(self) -> None:
        """Show the details of the image; the first time, ask its registry what belongs to it."""
        self._layers.toggle_image()
        self._reports.ask_registry(self._state)

    @on(RegistryAnswered)
    def _on_registry_answered(self, message: RegistryAnswered) -> None:
        message.state.registry = message.facts
        self._layers.show_details()

    def action_copy(self) -> None:
        """Copy the path under the cursor, or the digest of the layer."""
        text = self.panes.copied_path if self.file_tree.has_focus else self._state.digest
        if text:
            copy_text(self, text)
        else:
            is_tree = self.file_tree.has_focus
            warn(
                self, "There is no path to copy." if is_tree else "This step made no layer: there is no digest to copy."
            )

    def more_keys(self) -> Sequence[Key]:
        return self._navigation.size_keys()

    def action_size(self, view: int | None = None, subject: int | None = None) -> None:
        """Show what makes the image large."""
        self._navigation.open_size(partial(self.show_target, self.action_size), view, subject)

    def action_compare_image(self) -> None:
        self._navigation.compare_image()

    def action_dockerfile(self) -> None:
        self._navigation.open_dockerfile(partial(self.show_target, self.action_dockerfile))

    def action_dockerfile_line(self) -> None:
        """Show the line of the Dockerfile that wrote the file under the cursor, or made the layer."""
        node = self.file_tree.node if self.file_tree.has_focus else None
        # the way back leads to what the user did there, not to this line
        self._navigation.open_dockerfile(
            partial(self.show_target, self.action_dockerfile), self._state.writing_layer(node)
        )

    def action_diff(self) -> None:
        """Compare the file under the cursor with its previous version, or the layer with the previous one."""
        layer, node = self._state.layer, self.file_tree.node
        if self.file_tree.has_focus and node is not None and not self._state.is_folder(node):
            self._navigation.compare_file(node)
        elif layer:
            self._navigation.compare(layer - 1, layer)

    def action_mark(self) -> None:
        """Mark the chosen layer, or compare it with the marked one."""
        layer, marked = self._state.layer, self._state.marked
        if marked in (0, layer):
            self._mark(0 if marked else layer)
        else:
            self._navigation.compare(marked, layer)

    def action_history(self) -> None:
        """List what each layer did to the path under the cursor."""
        if self.file_tree.has_focus:
            self._navigation.open_history(self.file_tree.node)
        else:
            warn(self, "The history is that of a path: choose one in the files.")

    def action_all_layers(self, _is_typing: bool = False) -> None:  # Textual passes it by position
        """Search all layers by the filter, or else for the name under the cursor."""
        query, path = self._state.settings.query, self.files.path
        if query is None and self.file_tree.has_focus and path:
            from layerscope.analysis.search.query import parse_query  # noqa: PLC0415  # 4 ms, not before it is needed

            query = parse_query(printable_name(path.rpartition(b"/")[2]))
        if query is None:
            warn(self, "There is nothing to search for: / opens a filter.")
        else:
            self._navigation.search_all_layers(query, partial(self.show_target, self.action_all_layers))

    def action_extract(self) -> None:
        """Ask where to extract the path under the cursor, or, from the layer list, all files."""
        self._navigation.extract(self.file_tree.node if self.file_tree.has_focus else 0)

    def action_switch(self) -> None:
        """Choose another platform or image of the same source."""
        self._navigation.switch(self._replace)

    def action_refresh(self) -> None:
        """Open the image or the container again, as it is now."""
        title = f"Reading {printable_name(self.session.image.name)} again"
        self._navigation.reopen(title, self._refresh)

    def _refresh(self, session: ImageSession | None) -> None:
        """Show the image that was opened again, and say whether it is another one."""
        if session is None:
            return
        before = self.session.image
        self._replace(session)
        self.notify(refreshed_sentence(before, session.image), markup=False)

    def _replace(self, session: ImageSession) -> None:
        """Show another image in place of this one, or the same one opened again; the cursors stay."""
        self._reports.stop_finding()
        self._reader.close()
        self.session.close()
        self.session = session
        self._reader = read_in_background(session, self._state.layer or len(session.image.layers))
        self._state = self.files.state = self._layers.state = self._state.followed_by(session.image)
        self._ways_on = None
        self.title_line.take(session)
        self._layers.show()
        self.files.rebuild()
        self.post_message(self.Replaced(session))
        self._reports.read(self._reader)
