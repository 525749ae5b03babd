"""The parts of the explorer beside its files: the layers, the details of the chosen step, and the title."""

from layerscope.tui.explorer.layer_lines import LayerLines, layer_columns
from layerscope.tui.explorer.layer_list import LayerList
from layerscope.tui.explorer.state import ExplorerState
from layerscope.tui.explorer.step_fields import image_fields
from layerscope.tui.explorer.title import ImageTitle
from layerscope.tui.tree.panes import FilesPanes


class LayerPanes:
    """Shows the state of the explorer in its title and in the panes on the left."""

    def __init__(self, state: ExplorerState, title: ImageTitle, layers: LayerList, panes: FilesPanes) -> None:
        self.state = state
        self._title = title
        self._layers = layers
        self._panes = panes
        self._shows_image = False

    def show(self) -> None:
        """Show everything."""
        self.show_layers()
        self.show_details()
        self.show_title()

    def show_layers(self, cursor: int | None = None) -> None:
        """Show the layers, with the cursor on an item, or on the chosen step."""
        state = self.state
        columns = layer_columns(state.image, state.tallies)
        self._layers.show(LayerLines(state), columns, state.item if cursor is None else cursor)

    def show_details(self) -> None:
        """Show the details of the chosen step, or of the image."""
        state, step = self.state, self.state.step
        if self._shows_image or step is None:
            self._panes.show_details("Image", image_fields(state.image, state.tallies, state.sbom))
        else:
            title = f"Layer {step.layer}" if step.layer else "Step without a layer"
            self._panes.show_details(title, state.fields(step))

    def show_title(self) -> None:
        """Show how much has been read, and what the marked layer is for."""
        state = self.state
        self._title.show_reading(state.tallies, state.reading)
        hint = f"D compares another layer with layer {state.marked}" if state.marked else ""
        self._panes.title_steps("Layers", hint)

    def after_move(self) -> None:
        """Show the details of another step."""
        self._shows_image = False
        # The details change the layout, which takes longer than the tree: they follow in the next picture.
        self._panes.call_after_refresh(self.show_details)

    def toggle_image(self) -> None:
        """Show the details of the image, or of the step."""
        self._shows_image = not self._shows_image
        self.show_details()
        if self._panes.hides_details:
            self._panes.go_to(self._layers)

    def light_up(self) -> None:
        """Light up the layer that last wrote the path under the cursor, while that of the files moves."""
        files = self._panes.files.file_tree
        self._layers.light_up(self.state.writing_layer(files.node) if files.has_focus else 0)
