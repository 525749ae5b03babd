"""The stack of the layers that have been read."""

from typing import TYPE_CHECKING

from layerscope.analysis.size.hidden import dead_sizes
from layerscope.analysis.tree.overlay import Overlay
from layerscope.analysis.tree.tally import LayerTally, Tallies
from layerscope.model.entries import LayerEntries

if TYPE_CHECKING:
    from layerscope.analysis.tree.layered_tree import LayeredTree


class LayerStack:
    """Layers put on top of each other, base first."""

    def __init__(self) -> None:
        self.overlay = Overlay()
        self._tallies: dict[int, LayerTally] = {}
        self._growing: LayerEntries | None = None

    def grow(self, layer: int, entries: LayerEntries) -> None:
        """Put the base down as far as it has been read; `apply` follows, with the same entries and the rest of them.

        It may follow with others, if the layer turned out to be different.
        """
        self._growing = entries
        self.overlay.grow(layer, entries)

    def apply(self, layer: int, entries: LayerEntries) -> None:
        """Put the next layer on top."""
        if self._growing is not None and entries is not self._growing:
            self.overlay = Overlay()
        self._growing = None
        self._tallies[layer] = self.overlay.apply(layer, entries)

    def tallies(self) -> Tallies:
        """Return the sums of each layer; call it after the last `apply`."""
        broken = any(tally.error for tally in self._tallies.values())
        return Tallies(self._tallies, None if broken else dead_sizes(self.overlay))

    def tree(self) -> "LayeredTree":
        """Return all layers as one tree."""
        # 5 ms, and a list of layers needs none
        from layerscope.analysis.tree.index_building import build_path_index  # noqa: PLC0415
        from layerscope.analysis.tree.layered_tree import LayeredTree  # noqa: PLC0415

        return LayeredTree(build_path_index(self.overlay), self.overlay.tables, tuple(self._tallies))
