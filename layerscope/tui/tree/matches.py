"""The paths of a view that match a filter, with the folders above them and their sizes."""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate

from layerscope.analysis.search.query import Query
from layerscope.analysis.tree.path_index import PathIndex

_MATCH = 1
_ABOVE_MATCH = 2
_BELOW_MATCH = 4

_IS_ABOVE = bytes(bool(flags & _ABOVE_MATCH) for flags in range(256))
_IS_FLAGGED = bytes(bool(flags) for flags in range(256))


class Matches:
    """Flags by node. The sum of sizes counts what is in a folder that matches once, with the folder."""

    def __init__(self, index: PathIndex) -> None:
        self.count = 0
        self._index = index
        self._flags = bytearray(len(index))
        self._outermost = array("I")
        """The matches that are in no other one, ascending."""
        self._sums = [0]
        """The sizes of the outermost matches, added up; one more than these."""

    @property
    def size(self) -> int:
        """The bytes of the files among the matches, and of those below."""
        return self._sums[-1]

    def find(
        self,
        query: Query,
        in_view: Callable[[Iterable[int]], Iterator[int]],
        sizes: Callable[[Iterable[int]], Iterator[int]],
    ) -> Iterator[None]:
        """Find the nodes that match and are in the view, and add up their sizes; yields between batches."""
        for number, batch in enumerate(query.hits(self._index)):
            if number:
                yield
            nodes = [*in_view(batch)]
            outermost = self._flag(nodes)
            self.count += len(nodes)
            self._outermost.extend(outermost)
            self._sums += [*accumulate(sizes(outermost), initial=self._sums.pop())]

    def _flag(self, nodes: list[int]) -> list[int]:
        """Flag matches, the folders above them, and all paths below; return those that are in no other match."""
        flags, ends, parents, outermost = self._flags, self._index.ends, self._index.parents, list[int]()
        for node in nodes:
            if not flags[node] & _BELOW_MATCH:
                outermost.append(node)
                below = ends[node] - node - 1
                if below:
                    flags[node + 1 : ends[node]] = bytes([_BELOW_MATCH]) * below
            flags[node] |= _MATCH
        for folder in {parents[node] for node in nodes}:
            above = folder
            while above and not flags[above] & _ABOVE_MATCH:
                flags[above] |= _ABOVE_MATCH
                above = parents[above]
        return outermost

    def is_match(self, node: int) -> bool:
        """Return whether the node itself matches."""
        return bool(self._flags[node] & _MATCH)

    def is_found(self, node: int) -> bool:
        """Return whether the node matches, or is below one that does."""
        return bool(self._flags[node] & (_MATCH | _BELOW_MATCH))

    def is_above(self, node: int) -> bool:
        """Return whether a path below the node matches."""
        return bool(self._flags[node] & _ABOVE_MATCH)

    def flagged(self, nodes: Iterable[int]) -> Iterator[int]:
        """Yield those of the nodes that match, or that are above or below one that does."""
        flags = self._flags
        return (node for node in nodes if flags[node])

    def are_above(self) -> bytes:
        """Return `is_above` of each node."""
        return bytes(self._flags.translate(_IS_ABOVE))

    def are_flagged(self, nodes: slice) -> bytes:
        """Return for each of the nodes whether `flagged` yields it."""
        return bytes(self._flags[nodes].translate(_IS_FLAGGED))

    def size_below(self, folder: int) -> int:
        """Return the sizes of the matches below a folder that is itself in no match."""
        first, end = (bisect_left(self._outermost, node) for node in (folder, self._index.ends[folder]))
        return self._sums[end] - self._sums[first]
