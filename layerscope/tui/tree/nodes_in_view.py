"""The nodes that a view of a tree has, in folded folders or not, and those of them that match a filter."""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate, compress
from typing import TYPE_CHECKING, Protocol

from layerscope.analysis.tree.flags import Flags, both, either, flags_at, without
from layerscope.analysis.tree.layered_tree import TreeRow
from layerscope.analysis.tree.path_index import PathIndex
from layerscope.tui.tree.view import Scope, View

if TYPE_CHECKING:
    from layerscope.analysis.search.query import Query

_NODES_A_BATCH = 1 << 14
_REPEATED_A_BATCH = 512

_FOLDERS_A_BATCH = 1 << 12

Sizes = Callable[[Iterable[int]], Iterator[int]]


class ShownTree(Protocol):
    """A tree whose nodes have a state at each of its layers."""

    @property
    def index(self) -> PathIndex: ...

    @property
    def layers(self) -> tuple[int, ...]: ...

    def is_shown(self, node: int, layer: int) -> bool: ...

    def shown(self, nodes: Iterable[int], layer: int) -> Iterator[int]:
        """Yield those of the nodes that the tree of the layer has."""
        ...

    def shown_flags(self, nodes: range, layer: int) -> bytes:
        """Flag those of the nodes that the tree of the layer has."""
        ...

    def touched_flags(self, nodes: range, layer: int, *, copies: bool) -> bytes:
        """Flag those of the nodes that the layer itself changed, with ``copies`` also those that it holds again."""
        ...

    def row(self, node: int, layer: int) -> TreeRow | None:
        """Return the node as the tree of the layer has it, or None if it does not."""
        ...

    def size(self, node: int, layer: int) -> int:
        """Return the content bytes of a file, or below a directory."""
        ...

    def sizes(self, nodes: Iterable[int], layer: int) -> Iterator[int]:
        """Yield the content bytes of each node, as `size`."""
        ...


class NodesInView:
    """The nodes of one layer's tree, of its changes, or of what it holds. Call `find` before anything else."""

    def __init__(self, tree: ShownTree, view: View) -> None:
        self.tree = tree
        self._layer = view.layer
        self._changes_only = view.changes_only
        self._is_own = view.scope is Scope.OWN and not view.changes_only
        self._above_repeated: set[int] | None = None
        self._flags = bytearray()
        """By node: whether the view has it. A view may never need them, so that they are found by `flag_all`."""

    def has_same_nodes(self, other: "NodesInView") -> bool:
        return self.tree is other.tree and self.kind == other.kind

    @property
    def kind(self) -> tuple[int, bool, bool]:
        """The layer, and what of it the view has."""
        return self._layer, self._changes_only, self._is_own

    def find(self) -> Iterator[None]:
        """Find the folders above paths that the layer only repeats: it may hold no entry for them."""
        if self._above_repeated is not None or not self._is_own:
            return
        index, above = self.tree.index, set[int]()
        for count, node in enumerate(index.repeated(self._layer)):
            if not count % _REPEATED_A_BATCH:
                yield
            for folder in index.ancestors(node):
                if folder in above:
                    break
                above.add(folder)
        self._above_repeated = above

    def flag_all(self) -> Iterator[None]:
        """Look at all nodes, so that each can be looked up from then on; goes on where it was left before."""
        count, flags = len(self.tree.index), self._flags
        while len(flags) < count:
            flags += self._flags_of(range(len(flags), min(len(flags) + _NODES_A_BATCH, count)))
            if len(flags) < count:
                yield
            else:
                for folder in self._above_repeated or ():
                    flags[folder] = 1

    def _flags_of(self, nodes: range) -> bytes:
        """Flag those of the nodes that the view has, except for the folders above repeated ones."""
        if not self._is_own and not self._changes_only:
            return self.tree.shown_flags(nodes, self._layer)
        itself = self.tree.touched_flags(nodes, self._layer, copies=self._is_own)
        return either(itself, flags_at(nodes, self.tree.index.folders_touched(nodes, self._layer)))

    def those_of(self, nodes: Iterable[int]) -> Iterator[int]:
        flags = self._flags
        if len(flags) == len(self.tree.index):
            return (node for node in nodes if flags[node])
        if self._is_own or self._changes_only:
            return self.tree.index.touched(nodes, self._layer, self._is_above, copies=self._is_own)
        return self.tree.shown(nodes, self._layer)

    def _is_above(self, folder: int) -> bool:
        """Return whether the layer has anything below a folder."""
        is_above_copy = self._above_repeated is not None and folder in self._above_repeated
        return is_above_copy or self.tree.index.touches_below(folder, self._layer)

    @property
    def flags(self) -> bytearray:
        """By node: 1 if the view has it. Complete after `flag_all`."""
        return self._flags


class Matches:
    """Flags by node. The sum of sizes counts what is in a folder that matches once, with the folder."""

    def __init__(self, index: PathIndex) -> None:
        self.count = self.elsewhere = 0
        """The matches in the view, and those that are not in it."""
        self.first_elsewhere = -1
        """The first match that is not in the view."""
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

    def find(self, query: "Query", in_view: Flags, *sizes: Sizes) -> Iterator[None]:
        """Find the nodes that match and are flagged as in the view, and add up their sizes; yields between batches."""
        self._sums = tuple([0] for _ in sizes)
        folders = bytearray()
        for flags in query.flags(self._index):
            nodes = range(len(self._matching), len(self._matching) + len(flags))
            part = self._index.folder_flags(nodes)
            folders += part
            matching = both(flags, in_view[nodes.start : nodes.stop])
            elsewhere = without(flags, matching)
            if not self.elsewhere:
                self.first_elsewhere = elsewhere.find(1) + nodes.start
            self.elsewhere += elsewhere.count(1)
            outermost = [*compress(nodes, self._add(nodes, matching, part))]
            self._outermost.extend(outermost)
            for sums, sizes_of in zip(self._sums, sizes, strict=True):
                sums += [*accumulate(sizes_of(outermost), initial=sums.pop())]
            yield
        yield from self._flag_folders(folders)

    def _add(self, nodes: range, matching: bytes, folders: bytes) -> bytes:
        """Add the matches among nodes, given which are folders; return the flags of those that are in no other one."""
        found, part = self._found, slice(nodes.start, nodes.stop)
        self._matching += matching
        self.count += matching.count(1)
        self._index.flag_below(both(matching, folders), nodes.start, found)
        outermost = without(matching, found[part])
        found[part] = either(matching, found[part])
        return outermost

    def _flag_folders(self, folders: bytes | bytearray) -> Iterator[None]:
        """Flag the folders above matches, and what is below the others; yields between batches."""
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
        return bool(self._matching[node])

    def is_found(self, node: int) -> bool:
        """Return whether the node matches, or is below one that does."""
        return bool(self._found[node])

    def is_above(self, node: int) -> bool:
        return bool(self._above[node])

    def flagged(self, nodes: Iterable[int]) -> Iterator[int]:
        """Yield those of the nodes that match, or that are above or below one that does."""
        found, above = self._found, self._above
        return (node for node in nodes if found[node] or above[node])

    def listed_flags(self, nodes: slice, at_top: Flags) -> bytes:
        """Flag those of the nodes that `flagged` yields, in folders above matches, or else flagged ``at_top``."""
        flagged = either(self._found[nodes], self._above[nodes])
        return without(flagged, without(self._unlisted[nodes], at_top))

    def size_below(self, folder: int, which: int) -> int:
        """Return the sizes, of one kind, of the matches below a folder that is itself in no match."""
        first, end = (bisect_left(self._outermost, node) for node in (folder, self._index.ends[folder]))
        return self._sums[which][end] - self._sums[which][first]
