"""The sizes of files in stored bytes, as a pull counts them: estimates, because a layer is compressed as a whole."""

from collections.abc import Mapping
from typing import NamedTuple

from layerscope.analysis.tree.tally import LayerTally


class BlobShares(NamedTuple):
    """Each layer's blob distributed over its files by content size: ``ratios`` of blob to content bytes."""

    ratios: Mapping[int, tuple[int, int]]

    def estimate(self, layer: int, size: int) -> int | None:
        """Return the stored bytes of so many content bytes of the layer; None if that is unknown."""
        if layer not in self.ratios:
            return None
        blob, content = self.ratios[layer]
        return size * blob // content if content else 0

    def total(self, sizes: Mapping[int, int]) -> int | None:
        """Return the stored bytes of content bytes by layer; None if one is unknown."""
        estimates = [self.estimate(layer, size) for layer, size in sizes.items()]
        return None if None in estimates else sum(estimate for estimate in estimates if estimate is not None)


def blob_shares(blob_sizes: Mapping[int, int | None], tallies: Mapping[int, LayerTally]) -> BlobShares:
    """Return the shares of each layer's blob; a layer that could not be read whole is left out."""
    return BlobShares(
        {
            layer: (blob_size, tally.content_size)
            for layer, blob_size in blob_sizes.items()
            if blob_size is not None and (tally := tallies.get(layer)) and tally.content_size is not None
        }
    )
