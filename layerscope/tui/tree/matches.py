"""The paths of a view that match a filter, with the folders above them and their sizes."""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate, compress

from layerscope.analysis.search.query import Query
from layerscope.analysis.tree.marks import Marks, both, either, without
from layerscope.analysis.tree.path_index import PathIndex

_FOLDERS_A_BATCH = 1 << 12

Sizes = Callable[[Iterable[int]], Iterator[int]]


class Matches:
    """Marks by node. The sum of sizes counts what is in a folder that matches once, with the folder."""

    def __init__(self, index: PathIndex) -> None:
        self.count = 0
        self._index = index
        self._matching = bytearray()
        self._found = bytearray(len(index))
        """By node: 1 if it matches, or is below one that does."""
        self._above = bytearray(len(index))
        """By node: 1 if a path below it matches."""
        self._unlisted = bytearray(len(index))
        """By node: 1 if it is below a folder that is not above a match."""
        self._outermost = array("I")
        """The matches that are in no other one, ascending."""
        self._sums: tuple[list[int], ...] = ([0],)
        """By kind of size: the sizes of the outermost matches, added up; one more than these."""

    @property
    def size(self) -> int:
        """The bytes of the files among the matches, and of those below."""
        return self._sums[0][-1]

    def find(self, query: Query, in_view: Marks, *sizes: Sizes) -> Iterator[None]:
        """Find the nodes that match and are marked as in the view, and add up their sizes; yields between batches."""
        self._sums = tuple([0] for _ in sizes)
        folders = bytearray()
        for marks in query.marks(self._index):
            nodes = range(len(self._matching), len(self._matching) + len(marks))
            part = self._index.folder_marks(nodes)
            folders += part
            outermost = [*compress(nodes, self._add(nodes, both(marks, in_view[nodes.start : nodes.stop]), part))]
            self._outermost.extend(outermost)
            for sums, sizes_of in zip(self._sums, sizes, strict=True):
                sums += [*accumulate(sizes_of(outermost), initial=sums.pop())]
            yield
        yield from self._mark_folders(folders)

    def _add(self, nodes: range, matching: bytes, folders: bytes) -> bytes:
        """Add the matches among nodes, given which are folders; return the marks of those that are in no other one."""
        found, part = self._found, slice(nodes.start, nodes.stop)
        self._matching += matching
        self.count += matching.count(1)
        self._index.mark_below(both(matching, folders), nodes.start, found)
        outermost = without(matching, found[part])
        found[part] = either(matching, found[part])
        return outermost

    def _mark_folders(self, folders: bytes | bytearray) -> Iterator[None]:
        """Mark the folders above matches, and what is below the others; yields between batches."""
        ends, above, unlisted = self._index.ends, self._above, self._unlisted
        next_folder, next_match = folders.find, self._matching.find
        folder, match = next_folder(1, 1), 0
        while folder >= 0:
            for _ in range(_FOLDERS_A_BATCH):
                if 0 <= match <= folder:
                    match = next_match(1, folder + 1)
                following, end = folder + 1, ends[folder]
                if folder < match < end:
                    above[folder] = 1
                else:
                    unlisted[following:end] = b"\1" * (end - following)
                    following = end
                folder = next_folder(1, following)
                if folder < 0:
                    break
            yield

    def is_match(self, node: int) -> bool:
        """Return whether the node itself matches."""
        return bool(self._matching[node])

    def is_found(self, node: int) -> bool:
        """Return whether the node matches, or is below one that does."""
        return bool(self._found[node])

    def is_above(self, node: int) -> bool:
        """Return whether a path below the node matches."""
        return bool(self._above[node])

    def flagged(self, nodes: Iterable[int]) -> Iterator[int]:
        """Yield those of the nodes that match, or that are above or below one that does."""
        found, above = self._found, self._above
        return (node for node in nodes if found[node] or above[node])

    def listed_marks(self, nodes: slice, at_top: Marks) -> bytes:
        """Mark those of the nodes that `flagged` yields, in folders above matches, or else marked ``at_top``."""
        flagged = either(self._found[nodes], self._above[nodes])
        return without(flagged, without(self._unlisted[nodes], at_top))

    def size_below(self, folder: int, which: int) -> int:
        """Return the sizes, of one kind, of the matches below a folder that is itself in no match."""
        first, end = (bisect_left(self._outermost, node) for node in (folder, self._index.ends[folder]))
        return self._sums[which][end] - self._sums[which][first]
