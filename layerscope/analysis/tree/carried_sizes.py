"""The bytes of files whose own path is gone while a hard link to them is still there."""

from collections.abc import Iterator, Mapping, Sequence
from heapq import heappop, heappush

from layerscope.analysis.tree.overlay import Overlay
from layerscope.model.columns import Ints
from layerscope.model.entries import Kind

CarriedSizes = Mapping[int, Sequence[tuple[int, int]]]
"""By layer: nodes of hard links, each with the content bytes that it takes over in that layer, or gives up."""


def carried_sizes(overlay: Overlay, ranks: Ints) -> CarriedSizes:
    """Return the bytes that hard links take over, given the node of each path of the overlay.

    Once the path of a file is gone, its bytes count at the first hard link to it that is present, by node.
    """
    groups: dict[int, list[int]] = {}
    for link, target in overlay.link_targets.items():
        table = overlay.tables[overlay.layers[target]]
        row = overlay.rows[target]
        if row >= 0 and table.kinds[row] == Kind.FILE and table.sizes[row]:
            groups.setdefault(target, []).append(link)
    if not groups:
        return {}
    following = {overlay.befores[hiding]: hiding for hiding in overlay.hiding_occurrences}
    carried: dict[int, list[tuple[int, int]]] = {}
    for file, links in groups.items():
        if file in following:
            size = overlay.tables[overlay.layers[file]].sizes[overlay.rows[file]]
            ends = {link: overlay.layers[following[link]] for link in links if link in following}
            nodes = {link: ranks[overlay.paths[link]] for link in links}
            starts = sorted((overlay.layers[link], nodes[link], link) for link in links)
            for layer, node, sign in _takeovers(overlay.layers[following[file]], starts, ends):
                carried.setdefault(layer, []).append((node, sign * size))
    return carried


def _takeovers(
    gone: int, starts: Sequence[tuple[int, int, int]], ends: Mapping[int, int]
) -> Iterator[tuple[int, int, int]]:
    """Yield the layer, the node, and 1 or -1 for each link that starts or ends to carry a file that is ``gone`` then.

    ``starts`` are the layer, the node and the occurrence of each link, by layer; ``ends`` the layers that hid them.
    """
    present: list[tuple[int, int]] = []
    waiting, carrier = list(reversed(starts)), None
    for layer in sorted({gone, *ends.values(), *(start for start, _, _ in starts)}):
        while waiting and waiting[-1][0] <= layer:
            _, node, link = waiting.pop()
            heappush(present, (node, link))
        while present and ends.get(present[0][1], layer + 1) <= layer:
            heappop(present)
        first = present[0] if present and layer >= gone else None
        if first != carrier:
            if carrier is not None:
                yield layer, carrier[0], -1
            if first is not None:
                yield layer, first[0], 1
            carrier = first
