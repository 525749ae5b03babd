"""What files cost in stored bytes, which is what a pull takes: estimates, for a layer is compressed as a whole."""

from collections.abc import Mapping
from typing import NamedTuple

from layerscope.analysis.tree.overlay import LayerTally


class BlobShares(NamedTuple):
    """Each layer's blob shared out over its files by their content size: ``ratios`` of blob to content bytes."""

    ratios: Mapping[int, tuple[int, int]]

    def estimate(self, layer: int, size: int) -> int | None:
        """Return the stored bytes that so many content bytes of the layer stand for; None where that is unknown."""
        if layer not in self.ratios:
            return None
        blob, content = self.ratios[layer]
        return size * blob // content if content else 0

    def total(self, sizes: Mapping[int, int]) -> int | None:
        """Return the stored bytes of content bytes by layer; None where one is unknown."""
        estimates = [self.estimate(layer, size) for layer, size in sizes.items()]
        return None if None in estimates else sum(each for each in estimates if each is not None)


def blob_shares(blob_sizes: Mapping[int, int | None], tallies: Mapping[int, LayerTally]) -> BlobShares:
    """Return how the blob of each layer is shared out; a layer that could not be read whole is left out."""
    return BlobShares(
        {
            layer: (blob_size, tally.content_size)
            for layer, blob_size in blob_sizes.items()
            if blob_size is not None and (tally := tallies.get(layer)) and tally.content_size is not None
        }
    )
