"""The layers and the files of an image by size, and their shares of the stored bytes."""

from collections.abc import Iterable, Iterator, Mapping
from heapq import nlargest, nsmallest
from itertools import chain, compress
from typing import NamedTuple

from msgspec import Struct

from layerscope.analysis.size.dead import DeadBytes
from layerscope.analysis.size.live import LiveFiles
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.tally import LayerTally
from layerscope.model.image import known_sum


class LayerSize(Struct, frozen=True):
    """The size of one layer in bytes, and its ``share`` of all content; None for what is unknown.

    ``dead_size`` counts the bytes that it wrote and later layers hid, ``hides_size`` the bytes of previous layers that
    it hid.
    """

    layer: int
    instruction: str | None
    content_size: int | None
    blob_size: int | None
    share: float | None
    dead_size: int | None
    hides_size: int | None


class LargeFile(NamedTuple):
    """A regular file: its path, size and the layer that wrote it; for a dead one also the layer that hid it."""

    path: bytes
    size: int
    layer: int
    node: int
    hidden_by: int | None = None


def layer_sizes(
    blob_sizes: Mapping[int, int | None],
    instructions: Mapping[int, str | None],
    tallies: Mapping[int, LayerTally],
    dead: DeadBytes | None,
) -> tuple[LayerSize, ...]:
    """Return the layers that ``blob_sizes`` lists, largest first, unknown ones last; ``dead`` is None if unknown."""
    sizes = {layer: tallies[layer].content_size if layer in tallies else None for layer in blob_sizes}
    total = known_sum(sizes.values())
    rows = [
        LayerSize(
            layer,
            instructions.get(layer),
            content_size,
            blob_sizes[layer],
            _share(content_size, total),
            None if dead is None else dead.by_writer.get(layer, 0),
            None if dead is None else dead.by_hiding_layer.get(layer, 0),
        )
        for layer, content_size in sizes.items()
    ]
    return tuple(sorted(rows, key=lambda row: (row.content_size is None, -(row.content_size or 0), row.layer)))


def _share(size: int | None, total: int | None) -> float | None:
    if size is None or total is None:
        return None
    return size / total if total else 0.0


def largest_live(tree: LayeredTree, live: LiveFiles, count: int) -> tuple[LargeFile, ...]:
    """Return the largest files of the final image."""
    return _largest(tree, _live_facts(live, count), count)


def largest_written(tree: LayeredTree, live: LiveFiles, dead: DeadBytes, count: int) -> tuple[LargeFile, ...]:
    """Return the largest files of all layers, including dead ones."""
    dead_facts = ((-entry.size, entry.node, entry.writer, entry.hidden_by) for entry in dead.entries[:count])
    return _largest(tree, chain(_live_facts(live, count), dead_facts), count)


_Facts = tuple[int, int, int, int]
"""The order of files, and their facts: negative size, node, layer, hiding layer or 0."""


def _live_facts(live: LiveFiles, count: int) -> Iterator[_Facts]:
    """Yield the facts of the ``count`` largest live files that have bytes, and of those of the same size."""
    least = min(nlargest(count, live.sizes), default=0) or 1
    for position in compress(range(len(live)), map(least.__le__, live.sizes)):
        yield -live.sizes[position], live.nodes[position], live.layers[position], 0


def _largest(tree: LayeredTree, facts: Iterable[_Facts], count: int) -> tuple[LargeFile, ...]:
    return tuple(
        LargeFile(tree.index.path(node), -negative, layer, node, hidden_by or None)
        for negative, node, layer, hidden_by in nsmallest(count, facts)
    )


class BlobShares(NamedTuple):
    """Each layer's blob distributed over its files by content size: ``ratios`` of blob to content bytes."""

    ratios: Mapping[int, tuple[int, int]]

    def estimate(self, layer: int, size: int) -> int | None:
        """Return the stored bytes of ``size`` content bytes of the layer; None if that is unknown."""
        if layer not in self.ratios:
            return None
        blob, content = self.ratios[layer]
        return size * blob // content if content else 0

    def total(self, sizes: Mapping[int, int]) -> int | None:
        """Return the stored bytes of content bytes by layer; None if one is unknown."""
        return known_sum(self.estimate(layer, size) for layer, size in sizes.items())


def blob_shares(blob_sizes: Mapping[int, int | None], tallies: Mapping[int, LayerTally]) -> BlobShares:
    """Return the shares of each layer's blob; a layer that could not be read whole is left out."""
    return BlobShares(
        {
            layer: (blob_size, tally.content_size)
            for layer, blob_size in blob_sizes.items()
            if blob_size is not None and (tally := tallies.get(layer)) and tally.content_size is not None
        }
    )
