"""The stack of the layers that have been read, and the sums of each of them."""

from collections.abc import Mapping
from functools import cached_property

from msgspec import Struct, field

from layerscope.analysis.size.dead import dead_sizes
from layerscope.analysis.tree.index_building import build_path_index
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.overlay import Overlay
from layerscope.analysis.tree.tally import LayerTally
from layerscope.model.entries import LayerEntries


class Tallies(Struct, frozen=True, dict=True):
    """The sums of each layer by its number; ``dead`` is None unless all layers were read whole."""

    layers: Mapping[int, LayerTally] = field(default_factory=dict)
    dead: Mapping[int, int] | None = None

    @cached_property
    def content_size(self) -> int | None:
        """The content bytes of all layers together; None if one is unknown."""
        sizes = [tally.content_size for tally in self.layers.values()]
        return None if None in sizes else sum(size for size in sizes if size is not None)

    @cached_property
    def dead_size(self) -> int | None:
        """The dead bytes of the image; None if a layer is unknown."""
        return None if self.dead is None else sum(self.dead.values())

    def dead_in(self, layer: int) -> int | None:
        """Return the bytes that the layer wrote and that are dead; None if they are unknown."""
        return None if self.dead is None else self.dead.get(layer, 0)

    @property
    def efficiency(self) -> float | None:
        """The share of all content that is not dead; 1 for an image without content."""
        total, dead = self.content_size, self.dead_size
        if total is None or dead is None:
            return None
        return 1 - dead / total if total else 1.0


class LayerStack:
    """Layers put on top of each other, base first."""

    def __init__(self) -> None:
        self._overlay = Overlay()
        self._tallies: dict[int, LayerTally] = {}

    def apply(self, layer: int, entries: LayerEntries) -> None:
        """Put the next layer on top."""
        self._tallies[layer] = self._overlay.apply(layer, entries)

    def tallies(self) -> Tallies:
        """Return the sums of each layer; call it after the last `apply`."""
        broken = any(tally.error for tally in self._tallies.values())
        return Tallies(self._tallies, None if broken else dead_sizes(self._overlay))

    def tree(self) -> LayeredTree:
        """Return all layers as one tree."""
        return LayeredTree(build_path_index(self._overlay), self._overlay.tables, tuple(self._tallies))
