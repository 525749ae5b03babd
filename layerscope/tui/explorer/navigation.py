"""The ways from the explorer to other screens. It is imported when the first is opened: the start needs none."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from textual.screen import Screen

from layerscope.analysis.search.query import Query
from layerscope.errors import LayerscopeError
from layerscope.model.candidate import Candidate
from layerscope.session.dockerfile.lines import cache_state_of, dockerfile_of, shown_dockerfile
from layerscope.session.files.revision import FileRevision, revision_at
from layerscope.session.image_session import ImageSession
from layerscope.session.loaded_image import LoadedImage, loaded_image
from layerscope.session.open import reopened
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.tui.comparison.layers import ComparedLayers, TwoLayers
from layerscope.tui.comparison.screen import ComparisonScreen
from layerscope.tui.dialogs.extract import ExtractScreen
from layerscope.tui.dockerfile.rows import DockerfileRows
from layerscope.tui.dockerfile.screen import DockerfileScreen
from layerscope.tui.drawing.glyphs import glyphs_of
from layerscope.tui.explorer.all_layers import AllLayersScreen
from layerscope.tui.explorer.keys import EXPLORER_KEYS
from layerscope.tui.explorer.size_so_far import ALL_READ, SizeSoFarScreen
from layerscope.tui.explorer.state import ExplorerState
from layerscope.tui.file_screens import FileScreens
from layerscope.tui.images.chooser import ChooserScreen
from layerscope.tui.images.opening import OpeningScreen
from layerscope.tui.images.start import push_other_image
from layerscope.tui.keys.table import Key, chosen_keys
from layerscope.tui.services import warn
from layerscope.tui.size.keys import SIZE_KEYS
from layerscope.tui.size.screen import SizeScreen
from layerscope.tui.size.state import SizeState, SizeView, Topic
from layerscope.tui.widgets.row_table import Target


class Navigation:
    """Opens other screens on what the explorer shows, once all layers have been read."""

    def __init__(self, screen: Screen[object], session: ImageSession, state: ExplorerState) -> None:
        self._screen = screen
        self._session = session
        self._state = state
        self._file_screens = FileScreens()
        self._analysis: SizeAnalysis | None = None
        self._size_state: SizeState | None = None
        self._dockerfile_rows: DockerfileRows | None = None
        self._opened: LoadedImage | None = None
        self._found_cursors: dict[str, int] = {}

    def _loaded(self) -> LoadedImage | None:
        """Return the image with all its layers, or say that they are still being read, and return None."""
        if self._state.tree is None or not self._state.reading.complete:
            reading = self._state.reading
            warn(self._screen, f"This needs all layers: {reading.failure or reading.words}.")
            return None
        if self._opened is None:
            self._opened = loaded_image(self._session.layers, self._state.tree, self._state.tallies)
        return self._opened

    def open_size(self, show: Callable[[Target | None], None], view: int | None, subject: int | None) -> None:
        """Show what makes the image large; ``show`` is called with the path that the user chooses there.

        The view is the one that was on the screen last, unless another is asked for, or a subject in it. While layers
        are being read, it is their sizes so far.
        """
        if not self._state.reading.complete:
            then = partial(self._follow_size, show, view, subject)
            self._screen.app.push_screen(SizeSoFarScreen(lambda: self._state), then)
            return
        opened = self._loaded()
        if opened is None:
            return
        if self._analysis is None or self._size_state is None:
            self._analysis, self._size_state = SizeAnalysis(opened), SizeState()
        if view is not None:
            self._size_state.go_to(Topic(SizeView(view), subject))
        self._screen.app.push_screen(SizeScreen(self._analysis, self._size_state), show)

    def _follow_size(
        self, show: Callable[[Target | None], None], view: int | None, subject: int | None, chosen: Target | None
    ) -> None:
        """Go from the sizes so far to a layer, or to the whole analysis once there is one."""
        if chosen == ALL_READ:
            self.open_size(show, view, subject)
        else:
            show(chosen)

    def size_keys(self) -> list[Key]:
        """Return the entries of the palette for the views of the size."""
        keys = {key.id: key for key in chosen_keys(self._screen, (*EXPLORER_KEYS, *SIZE_KEYS))}
        opens, views = keys["explorer.size"].names[0], [(view, keys[f"size.view-{view + 1}"]) for view in SizeView]
        return [
            replace(key, label=f"Size: {view.label}", action=f"size({view})", line=f"{opens} {key.names[0]}")
            for view, key in views
        ]

    def open_dockerfile(self, show: Callable[[Target | None], None], layer: int | None = None) -> None:
        """Show the Dockerfile, at the line that made a layer; ``show`` is called with what the user chooses there."""
        opened = self._loaded()
        if opened is None:
            return
        image, file, build = self._session.image, self._session.dockerfile_name, self._session.build
        try:
            placed = dockerfile_of(image, file, build=build) if file else shown_dockerfile(image, build=build)
        except LayerscopeError as error:
            warn(self._screen, str(error))
            return
        line = None if layer is None else placed.line_of_layer.get(layer)
        if layer is not None and line is None:
            warn(self._screen, f"No line of the Dockerfile matches layer {layer}.")
            return
        if self._dockerfile_rows is None:
            cache = cache_state_of(opened.image, placed, build)
            glyphs = glyphs_of(self._screen)
            self._dockerfile_rows = DockerfileRows(placed, opened.image, opened.tallies, glyphs, cache)
        if line is not None:
            self._dockerfile_rows.cursor = self._dockerfile_rows.row_of(line)
        self._analysis = self._analysis or SizeAnalysis(opened)
        self._screen.app.push_screen(DockerfileScreen(self._dockerfile_rows, self._analysis, build), show)

    def compare(self, old: int, new: int) -> None:
        opened = self._loaded()
        if opened is None:
            return
        states = TwoLayers(opened.image, ComparedLayers(old, new), opened)
        self._screen.app.push_screen(ComparisonScreen(states))

    def compare_image(self) -> None:
        """Choose another image, and compare this one with it."""
        opened = self._loaded()
        if opened is not None:
            push_other_image(self._screen.app, opened, self._session.cache)

    def open_file(self, node: int) -> None:
        """Show a file as the chosen layer has it."""
        revision = self._revision(node)
        if revision is not None:
            self._file_screens.open_file(self._screen.app, revision)

    def compare_file(self, node: int) -> None:
        revision = self._revision(node)
        if revision is None:
            return
        if revision.previous is None:
            warn(self._screen, f"Layer {revision.layer} wrote the first version of this file.")
        else:
            self._file_screens.open_diff(self._screen.app, revision.previous, revision)

    def open_history(self, node: int | None) -> None:
        """List what each layer did to a path; from there, open a revision, or compare two."""
        revision = self._revision(node)
        if revision is not None:
            self._file_screens.open_history(self._screen.app, revision)

    def search_all_layers(self, query: Query, show: Callable[[Target | None], None]) -> None:
        """List what all layers hold of matching paths; ``show`` is called with the path that the user chooses there."""
        opened = self._loaded()
        if opened is not None:
            self._screen.app.push_screen(AllLayersScreen(opened, query, self._file_screens, self._found_cursors), show)

    def _revision(self, node: int | None) -> FileRevision | None:
        opened = self._loaded() if node is not None else None
        if opened is None or node is None:
            return None
        return revision_at(opened, node, self._state.layer)

    def extract(self, node: int | None) -> None:
        """Ask where to extract a path as the chosen layer has it; 0 is for all files."""
        opened = self._loaded() if node is not None else None
        if opened is not None and node is not None:
            self._screen.app.push_screen(ExtractScreen(opened, node, self._state.layer))

    def reopen(self, title: str, show: Callable[[ImageSession | None], None]) -> None:
        """Open the image again; ``show`` is called with it."""
        self._screen.app.push_screen(OpeningScreen(title, partial(reopened, self._session)), show)

    def switch(self, show: Callable[[ImageSession], None]) -> None:
        """Choose another image of the source; ``show`` is called with it."""
        session = self._session

        def choose(choice: Candidate) -> None:
            try:
                switched = session.switched_to(choice)
            except LayerscopeError as error:
                warn(chooser, str(error))
                return
            chooser.dismiss()
            show(switched)

        chooser = ChooserScreen(session.image.reference, session.choices, choose, session.position)
        self._screen.app.push_screen(chooser)
