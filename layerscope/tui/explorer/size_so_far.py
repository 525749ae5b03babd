"""The sizes of the layers while they are being read, until there is the analysis of all of them."""

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.binding import BindingType

from layerscope.model.image import Layer
from layerscope.session.summary import layer_title
from layerscope.text import human_size, whole_percent
from layerscope.tui.explorer.keys import SIZE_SO_FAR_KEYS, SIZE_SO_FAR_TABLE
from layerscope.tui.explorer.state import ExplorerState
from layerscope.tui.keys.table import bindings
from layerscope.tui.widgets.row_panel import RowPanel
from layerscope.tui.widgets.row_table import RowTable, TableColumn, TableRow, Target

ALL_READ = Target(0)
"""The answer of the screen once all layers have been read."""

_SECONDS = 0.2
"""The time between two looks at what has been read."""

_COLUMNS = (
    TableColumn("layer", right=True),
    TableColumn("size", right=True, width=len("999 MB")),
    TableColumn("so far", width=len("stored, 100 % read")),
    TableColumn("instruction"),
)


class SizeSoFarScreen(RowPanel[Target | None]):
    """The layers by size: the content of those that have been read, the stored bytes of the others.

    ``state`` returns the state of the explorer, which is another one for an image that was opened again.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(SIZE_SO_FAR_KEYS)

    def __init__(self, state: Callable[[], ExplorerState]) -> None:
        super().__init__("Size so far", "", SIZE_SO_FAR_TABLE)
        self._state = state

    def on_mount(self) -> None:
        self._show_sizes()
        self.set_focus(self.table)
        self.call_after_refresh(self.become_ready)
        self.set_interval(_SECONDS, self._look)

    def _look(self) -> None:
        if self._state().reading.complete:
            self.dismiss(ALL_READ)
        else:
            self._show_sizes()

    def _show_sizes(self) -> None:
        """Show the sizes that are known by now, with the cursor on the same layer as before."""
        state, before = self._state(), self.table.row
        sizes = {layer.number: _size(state, layer) for layer in state.image.layers}
        largest = max((size for size in sizes.values() if size), default=1)
        layers = sorted(state.image.layers, key=lambda layer: -(sizes[layer.number] or 0))
        rows = [_row(state, layer, sizes[layer.number], largest) for layer in layers]
        cursor = next((item for item, row in enumerate(rows) if before and row.target == before.target), 0)
        self.show(_COLUMNS, rows, cursor)
        self.write_count(state.reading.failure or state.reading.words)

    @on(RowTable.Chosen)
    def action_choose(self) -> None:
        """Go to the layer under the cursor."""
        if self.table.row is not None:
            self.dismiss(self.table.row.target)


def _size(state: ExplorerState, layer: Layer) -> int | None:
    """Return the content of a layer that has been read with all before it, or the stored bytes; None if unknown."""
    tally = state.tallies.layers.get(layer.number)
    return layer.blob_size if tally is None else tally.content_size


def _row(state: ExplorerState, layer: Layer, size: int | None, largest: int) -> TableRow:
    share = state.reading.share_of(layer.number)
    is_read = layer.number in state.tallies.layers
    cells = (
        str(layer.number),
        "?" if size is None else human_size(size),
        "content" if is_read else f"stored, {whole_percent(share)} read",
        layer_title(state.image, layer.number),
    )
    return TableRow(
        cells, (size or 0) / largest, target=Target(layer.number), detail=cells[-1], style=None if is_read else "muted"
    )
