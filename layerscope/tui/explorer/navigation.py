"""Where one goes from the explorer: to sizes, comparisons, files, histories, and to folders of one's own."""

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType

from layerscope.session.open import ImageSession
from layerscope.tui.drawing.glyphs import Glyphs
from layerscope.tui.explorer.state import ExplorerState
from layerscope.tui.tree.file_tree import FileTree
from layerscope.tui.tree.screen import FilesScreen

if TYPE_CHECKING:
    from layerscope.session.loaded_image import LoadedImage
    from layerscope.session.size.analysis import SizeAnalysis
    from layerscope.tui.file.history import HistoryAnswer
    from layerscope.tui.widgets.fact_table import Target


class Navigation(FilesScreen):
    """The part of the explorer that opens other screens; none of them is a part of the start."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "w",
            "size",
            "size",
            tooltip="Show what makes the image large, what is dead and why, and what to change",
            id="explorer.size",
        ),
        Binding(
            "d",
            "diff",
            "diff",
            tooltip="Mark the layer; on another one, compare the two",
            id="explorer.diff",
        ),
        Binding(
            "H",
            "history",
            "history",
            tooltip="List what every layer did to the path under the cursor, and compare versions",
            id="explorer.history",
        ),
        Binding(
            "x",
            "extract",
            "extract",
            tooltip="Write the file or folder, or from the layer list all files, into a folder of yours",
            id="explorer.extract",
        ),
    ]

    _state: ExplorerState

    def __init__(self, session: ImageSession, glyphs: Glyphs) -> None:
        super().__init__(ExplorerState(session.image), glyphs)
        self._session = session
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
            self._opened = self._session.loaded_from(tree, self._state.tallies)
        return self._opened

    def action_size(self) -> None:
        """Show what makes the image large."""
        opened = self._tree_of_all()
        if opened is None:
            return
        from layerscope.session.size.analysis import SizeAnalysis  # noqa: PLC0415  # no part of the start
        from layerscope.tui.size.screen import SizeScreen  # noqa: PLC0415

        if self._analysis is None:
            self._analysis = SizeAnalysis(opened)
        self.app.push_screen(SizeScreen(self._analysis, self._glyphs), self.show_place)

    def action_diff(self) -> None:
        """Mark the chosen layer, or compare it with the one that is marked."""
        layer, marked = self._state.layer, self._state.marked
        if marked in (0, layer):
            self.mark(0 if marked else layer)
            return
        opened = self._tree_of_all()
        if opened is not None:
            from layerscope.tui.comparison.layer_screen import ComparedLayers, LayerDiffScreen  # noqa: PLC0415  # no part of the start

            pair = ComparedLayers(marked, layer)
            self.app.push_screen(LayerDiffScreen(opened.image, pair, opened, self._glyphs))

    @on(FileTree.Opened)
    def _on_opened(self, message: FileTree.Opened) -> None:
        opened = self._tree_of_all()
        if opened is not None:
            from layerscope.tui.file.screen import FileScreen  # noqa: PLC0415  # no part of the start

            self.app.push_screen(FileScreen(opened, message.node, self._state.layer, self._glyphs))

    def action_history(self) -> None:
        """List what every layer did to the path under the cursor; from there, open a version, or compare two."""
        from layerscope.session.files.revision import version_at  # noqa: PLC0415  # no part of the start

        opened, node = self._tree_of_all(), self.file_tree.node
        version = version_at(opened, node, self._state.layer) if opened is not None and node is not None else None
        if version is not None:
            from layerscope.tui.file.history import HistoryScreen  # noqa: PLC0415  # when it is asked for

            self.app.push_screen(HistoryScreen(version, self._glyphs), self._on_history)

    def _on_history(self, answer: "HistoryAnswer | None") -> None:
        if answer is None:
            return
        version = answer.version
        if answer.before is not None:
            from layerscope.tui.file_diff.screen import FileDiffScreen  # noqa: PLC0415  # when it is asked for

            self.app.push_screen(FileDiffScreen(answer.before, version, self._glyphs))
        else:
            from layerscope.tui.file.screen import FileScreen  # noqa: PLC0415

            self.app.push_screen(FileScreen(version.opened, version.node, version.at, self._glyphs))

    def action_extract(self) -> None:
        """Ask where to write the file or folder under the cursor, or all files of the chosen layer's tree."""
        opened = self._tree_of_all()
        node = self.file_tree.node if self.file_tree.has_focus else 0
        if opened is not None and node is not None:
            from layerscope.tui.dialogs.extract import ExtractScreen  # noqa: PLC0415  # no part of the start

            self.app.push_screen(ExtractScreen(opened, node, self._state.layer, self._glyphs))
