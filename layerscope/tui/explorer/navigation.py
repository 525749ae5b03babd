"""Where one goes from the explorer: to sizes, comparisons, files, histories, and to folders of one's own."""

from typing import TYPE_CHECKING

from textual import on

from layerscope.session.open import ImageSession
from layerscope.tui.drawing.glyphs import Glyphs
from layerscope.tui.explorer.state import ExplorerState
from layerscope.tui.file_screens import FileScreens
from layerscope.tui.tree.file_tree import FileTree
from layerscope.tui.tree.screen import FilesScreen

if TYPE_CHECKING:
    from layerscope.session.files.revision import FileRevision
    from layerscope.session.loaded_image import LoadedImage
    from layerscope.session.size.analysis import SizeAnalysis
    from layerscope.tui.widgets.row_table import Target


class Navigation(FilesScreen):
    """The part of the explorer that opens other screens; none of them is a part of the start."""

    _state: ExplorerState

    def __init__(self, session: ImageSession, glyphs: Glyphs) -> None:
        super().__init__(ExplorerState(session.image), glyphs)
        self._session = session
        self._file_screens = FileScreens(glyphs)
        self._analysis: SizeAnalysis | None = None
        self._opened: LoadedImage | None = None

    def show_place(self, target: "Target | None") -> None:
        """Show a place in the tree."""
        raise NotImplementedError

    def mark(self, layer: int) -> None:
        """Mark a layer to compare another one with; 0 takes the mark back."""
        raise NotImplementedError

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Tell which keys work now."""
        if action == "history":
            return self.file_tree.has_focus
        return super().check_action(action, parameters)

    def _tree_of_all(self) -> "LoadedImage | None":
        """Return all layers with what their files hold; where they are still being read, say so, and return None."""
        tree = self._state.tree
        if tree is None or not self._state.reading.complete:
            self.notify("All layers have to be read first.", markup=False, timeout=3)
            return None
        if self._opened is None:
            # what reads content is no part of the start
            from layerscope.session.loaded_image import LoadedImage  # noqa: PLC0415

            self._opened = LoadedImage(self._session.image, tree, self._session.contents_of(tree))
        return self._opened

    def action_size(self) -> None:
        """Show what makes the image large."""
        opened = self._tree_of_all()
        if opened is None:
            return
        from layerscope.session.size.analysis import SizeAnalysis  # noqa: PLC0415  # no part of the start
        from layerscope.tui.size.screen import SizeScreen  # noqa: PLC0415

        if self._analysis is None:
            self._analysis = SizeAnalysis(opened.image, opened.tree, self._state.tallies, opened.contents)
        self.app.push_screen(SizeScreen(self._analysis, self._glyphs), self.show_place)

    def action_diff(self) -> None:
        """Mark the chosen layer, or compare it with the one that is marked."""
        layer, marked = self._state.layer, self._state.marked
        if marked in (0, layer):
            self.mark(0 if marked else layer)
            return
        opened = self._tree_of_all()
        if opened is not None:
            from layerscope.session.reading.whole_tree import WholeTree  # noqa: PLC0415  # no part of the start
            from layerscope.tui.comparison.layers import ComparedLayers, TwoLayers  # noqa: PLC0415
            from layerscope.tui.comparison.screen import ComparisonScreen  # noqa: PLC0415

            pair, tree = ComparedLayers(marked, layer), WholeTree(opened, self._state.tallies)
            states = TwoLayers(opened.image, pair, tree, self._glyphs)
            self.app.push_screen(ComparisonScreen(states, self._glyphs))

    @on(FileTree.Opened)
    def _on_opened(self, message: FileTree.Opened) -> None:
        version = self._version(message.node)
        if version is not None:
            self._file_screens.open_file(self.app, version)

    def action_history(self) -> None:
        """List what each layer did to the path under the cursor; from there, open a version, or compare two."""
        version = self._version(self.file_tree.node)
        if version is not None:
            self._file_screens.open_history(
                self.app, version, lambda chosen: self._file_screens.open_file(self.app, chosen)
            )

    def _version(self, node: int | None) -> "FileRevision | None":
        """Return a path as the chosen layer shows it, or None while layers are being read."""
        from layerscope.session.files.revision import version_at  # noqa: PLC0415  # not needed to start

        opened = self._tree_of_all() if node is not None else None
        return version_at(opened, node, self._state.layer) if opened is not None and node is not None else None

    def action_extract(self) -> None:
        """Ask where to write the file or folder under the cursor, or all files of the chosen layer's tree."""
        opened = self._tree_of_all()
        node = self.file_tree.node if self.file_tree.has_focus else 0
        if opened is not None and node is not None:
            from layerscope.tui.dialogs.extract import ExtractScreen  # noqa: PLC0415  # no part of the start

            self.app.push_screen(ExtractScreen(opened, node, self._state.layer, self._glyphs))
