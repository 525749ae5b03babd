"""The layers of an open image, from the cache or read by this process when they are first needed."""

from typing import TYPE_CHECKING

from layerscope.analysis.tree.tally import Tallies
from layerscope.session.content.open_layers import OpenLayers

if TYPE_CHECKING:
    from layerscope.analysis.tree.layered_tree import LayeredTree
    from layerscope.model.content_facts import ContentNeeds
    from layerscope.session.loaded_image import LoadedImage
    from layerscope.session.reading.layer_reading import LayerStack


class LayerReading:
    """The layers of an open image, read by this process when they are first needed."""

    def __init__(self, layers: OpenLayers) -> None:
        self._layers = layers
        self._stack: tuple[LayerStack, Tallies] | None = None
        self._tallies: Tallies | None = None
        self._loaded: LoadedImage | None = None

    @property
    def tallies(self) -> Tallies:
        """The figures of each layer. A list of layers needs no more than these."""
        if self._tallies is None:
            self._tallies = self._layers.known.tallies() or self._stacked(None)[1]
        return self._tallies

    def load(self, needs: "ContentNeeds | None" = None, *, compares_files: bool = False) -> "LoadedImage":
        """Return the image with its layers; raises as `OpenLayers.to_read` does.

        What is in ``needs`` of the content of compressed layers is taken while they are listed. With
        ``compares_files``, another process begins to compare files before the tree is complete.
        """
        if self._loaded is None:
            # 6 ms, and a list of layers needs no tree
            from layerscope.session.loaded_image import loaded_image  # noqa: PLC0415

            known = self._layers.known.tree()
            tree, self._tallies = known or self._read_tree(needs, compares_files=compares_files)
            self._loaded = loaded_image(self._layers, tree, self._tallies)
        return self._loaded

    def _read_tree(self, needs: "ContentNeeds | None", *, compares_files: bool) -> "tuple[LayeredTree, Tallies]":
        known, (stack, tallies) = self._layers.known, self._stacked(needs)
        if compares_files:
            # 15 ms: hashes, which a listing does not need
            from layerscope.session.content.content_ahead import facts_ahead  # noqa: PLC0415

            known.expect(facts_ahead(self._layers.image, stack.overlay))
        tree = stack.tree()
        known.keep_tree(tree, tallies)
        # the stack and the entries hold every path again
        known.settle()
        self._stack = None
        return tree, tallies

    def _stacked(self, needs: "ContentNeeds | None") -> "tuple[LayerStack, Tallies]":
        """Return the layers on top of each other, and their figures; this process reads them once."""
        if self._stack is None:
            # 8 ms, and a known image is not read
            from layerscope.session.reading.layer_reading import stacked  # noqa: PLC0415

            stack = stacked(self._layers, needs)
            self._stack = stack, stack.tallies()
            self._layers.known.keep_tallies(self._stack[1])
        return self._stack
