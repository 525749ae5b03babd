"""Hard links that outlive the path that they name: the bytes are theirs then.

A hard link in a tar has no bytes of its own, so that nothing counts twice. Once a later layer removes or replaces the
file's own path, the first of its links that is left holds the bytes.
"""

from bisect import bisect_left
from collections.abc import Callable
from functools import cached_property
from itertools import accumulate

from layerscope.analysis.tree.path_index import PathIndex


class OutlivingLinks:
    """The holders of the bytes of files whose own paths a layer hides; ``size`` gives the bytes of a file."""

    def __init__(self, index: PathIndex, size: Callable[[int], int]) -> None:
        self._index = index
        self._size = size
        self._sums: dict[int, tuple[list[int], list[int]]] = {}

    @cached_property
    def links(self) -> dict[int, list[int]]:
        """The nodes with a link to each file that a later layer hides, ascending."""
        index, links = self._index, dict[int, set[int]]()
        for link, file in index.link_targets.items():
            if file + 1 < index.firsts[index.node_of(file) + 1]:
                links.setdefault(file, set()).add(index.node_of(link))
        return {file: sorted(nodes) for file, nodes in links.items()}

    def holder(self, file: int, layer: int) -> int:
        """Return the node that shows the bytes of a file in the merged tree at the layer, its own one first; or -1."""
        index, own = self._index, self._index.node_of(file)
        if index.occurrence(own, layer) == file:
            return own
        for node in self.links.get(file, ()):
            if index.link_targets.get(index.occurrence(node, layer)) == file:
                return node
        return -1

    def held_by(self, node: int, occurrence: int, layer: int) -> int:
        """Return the bytes that a hard link holds in place of the path that it names."""
        file = self._index.link_targets.get(occurrence, -1)
        return self._size(file) if file in self.links and self.holder(file, layer) == node else 0

    def held_below(self, node: int, layer: int) -> int:
        """Return the bytes that hard links below a directory hold at the layer."""
        if not self.links:
            return 0
        if layer not in self._sums:
            self._sums[layer] = self._sums_at(layer)
        nodes, sums = self._sums[layer]
        return sums[bisect_left(nodes, self._index.ends[node])] - sums[bisect_left(nodes, node)]

    def _sums_at(self, layer: int) -> tuple[list[int], list[int]]:
        holders = ((self.holder(file, layer), file) for file in self.links)
        held = sorted((node, file) for node, file in holders if node >= 0 and node != self._index.node_of(file))
        return [node for node, _ in held], list(accumulate((self._size(file) for _, file in held), initial=0))
