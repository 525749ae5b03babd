"""The visible rows of a tree: unfolded, filtered and sorted, at one layer.

Rows are built by a generator that yields after each batch, so that a view can repaint and handle keys between them. The
cost grows with the visible rows, not with the number of paths.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from enum import Enum
from heapq import heappop, heappush
from operator import neg
from typing import TYPE_CHECKING

from msgspec import Struct

from layerscope.model.columns import Ints
from layerscope.text import human_size, plural
from layerscope.tui.tree.shown_tree import ShownTree

if TYPE_CHECKING:
    from layerscope.analysis.search.query import Query

_ROWS_A_BATCH = 512
_MOST_SCREENS = 8
"""Screens of rows in a folder up to which it may be unfolded to fill one."""

_MATCH = 1
_ABOVE_MATCH = 2
_BELOW_MATCH = 4


class Scope(Enum):
    """The paths of a tree: those of all layers up to this one, or only the layer's own."""

    MERGED = "merged"
    OWN = "own"


class Sort(Enum):
    """The order of the children of a folder."""

    NAME = "name"
    SIZE = "size"


class View(Struct, frozen=True):
    """Everything that determines the rows, except the folds."""

    layer: int
    scope: Scope = Scope.MERGED
    changes_only: bool = False
    sort: Sort = Sort.NAME
    query: "Query | None" = None


class Folds:
    """The unfolded folders: those that were chosen, those above a depth, and those that fill the screen."""

    def __init__(self, depth: int = 0) -> None:
        self.depth = depth
        self.chosen: dict[int, bool] = {}
        self.filling: set[int] = set()

    def is_open(self, node: int, depth: int) -> bool:
        """Return whether a folder at that depth (the root's children are at 1) is unfolded."""
        return self.chosen.get(node, depth <= self.depth or node in self.filling)

    def set(self, node: int, *, open_it: bool) -> None:
        """Unfold or fold one folder."""
        self.chosen[node] = open_it

    def copy(self) -> "Folds":
        """Return folds that do not change with these."""
        folds = Folds(self.depth)
        folds.chosen, folds.filling = dict(self.chosen), set(self.filling)
        return folds


class VisibleRows:
    """The rows of one tree under one view."""

    def __init__(self, tree: ShownTree, view: View, folds: Folds) -> None:
        self.tree = tree
        self.view = view
        self.folds = folds
        self.nodes: Ints = array("I")
        self.matches = 0
        self.matched_size = 0
        self._sizes_of_matches: dict[int, int] = {}
        self._above_repeated: set[int] = set()
        self._flags: bytearray | None = None
        self._folded: dict[int, Ints] = {}
        """The rows below folders that were folded, to unfold them again."""

    def __len__(self) -> int:
        return len(self.nodes)

    def build(self, height: int = 0) -> Iterator[None]:
        """Fill the rows from the top; yields after each batch.

        With a ``height``, folders are unfolded until there are so many rows, the largest first.
        """
        if self.view.scope is Scope.OWN and not self.view.changes_only:
            yield from self._mark_above_repeated()
        if self.view.query is not None:
            yield from self._find(self.view.query)
        elif height:
            self.folds.filling = self._filling(height)
        yield from self._grow(self.nodes, 0)

    def _filling(self, height: int) -> set[int]:
        """Return the folders that fill a screen of so many rows with paths that have a size, the largest first.

        If half of it stays empty because every folder has more rows than fit, the largest one is unfolded nevertheless.
        """
        filling, too_large = set[int](), list[int]()
        largest_first, filled, rows = list[tuple[int, int]](), 0, 0
        folder: int | None = 0
        while folder is not None:
            children = self._few_children(folder, height if folder else _MOST_SCREENS * height)
            if children is None:
                too_large.append(folder)
            else:
                filling.add(folder)
                ranks = [*self._ranks(children)]
                for ranked in zip(ranks, children, strict=True):
                    heappush(largest_first, ranked)
                rows += len(children)
                filled += sum(rank < 0 for rank in ranks)
            folder = self._next_to_unfold(largest_first, height if rows >= height else 0)
            if filled >= height:
                break
        if 2 * rows < height:
            most = _MOST_SCREENS * height
            filling.update([folder for folder in too_large[:1] if self._few_children(folder, most) is not None])
        return filling

    def _next_to_unfold(self, largest_first: list[tuple[int, int]], height: int) -> int | None:
        """Take the largest folder that was not folded by the user; on a full screen, none without a size."""
        while largest_first:
            size, folder = heappop(largest_first)
            if self.folds.chosen.get(folder, True) and (size or not height):
                return folder
        return None

    def _few_children(self, folder: int, most: int) -> list[int] | None:
        """Return the children of a folder in the view, or None if these are more, or many more are not in the view."""
        children = list[int]()
        for count, child in enumerate(self.tree.index.children(folder)):
            if self._is_in_view(child):
                children.append(child)
            if len(children) > most or count > _MOST_SCREENS * most:
                return None
        return children

    def _mark_above_repeated(self) -> Iterator[None]:
        """Find the folders above paths that the layer only repeats: it may hold no entry for them."""
        index = self.tree.index
        for count, node in enumerate(index.repeated(self.view.layer)):
            if not count % _ROWS_A_BATCH:
                yield
            for folder in index.ancestors(node):
                if folder in self._above_repeated:
                    break
                self._above_repeated.add(folder)

    def _find(self, query: "Query") -> Iterator[None]:
        """Flag the paths that match, the folders above them, and all paths below a folder that matches."""
        from layerscope.analysis.search.globs import HEARTBEAT  # noqa: PLC0415  # not needed to start

        index = self.tree.index
        flags, sizes = bytearray(len(index)), self._sizes_of_matches
        for count, node in enumerate(query.hits(index)):
            if node == HEARTBEAT or not count % _ROWS_A_BATCH:
                yield
            if node == HEARTBEAT or not self._is_in_view(node):
                continue
            self.matches += 1
            if not flags[node] & _BELOW_MATCH:
                folder, size = index.parents[node], next(self.whole_sizes((node,)))
                sizes[folder] = sizes.get(folder, 0) + size
                self.matched_size += size
            if index.ends[node] > node + 1 and not flags[node] & _BELOW_MATCH:
                below = index.ends[node] - node - 1
                flags[node + 1 : index.ends[node]] = bytes([_BELOW_MATCH]) * below
            flags[node] |= _MATCH
            for folder in index.ancestors(node):
                if flags[folder] & _ABOVE_MATCH:
                    break
                flags[folder] |= _ABOVE_MATCH
        self._flags = flags
        yield from self._add_up(sizes)

    def _add_up(self, sizes: dict[int, int]) -> Iterator[None]:
        """Add the sizes of matches up to the folders above them."""
        parents = self.tree.index.parents
        for folder in list(sizes):
            for above in self.tree.index.ancestors(folder):
                if above in sizes:
                    break
                sizes[above] = 0
        for count, folder in enumerate(sorted(sizes, reverse=True)):
            if not count % _ROWS_A_BATCH:
                yield
            if parents[folder]:
                sizes[parents[folder]] += sizes[folder]

    def is_found(self, node: int) -> bool:
        """Return whether the node matches the query, or is below one that does."""
        return self._flags is not None and bool(self._flags[node] & (_MATCH | _BELOW_MATCH))

    def match_words(self) -> str:
        """Return the number of matches, and the bytes of the files among them."""
        return f"{plural(self.matches, 'match', 'matches')}, {human_size(self.matched_size)}"

    def is_match(self, node: int) -> bool:
        """Return whether the node itself matches the query."""
        return self._flags is not None and bool(self._flags[node] & _MATCH)

    def _in_view(self, nodes: Iterable[int]) -> Iterator[int]:
        """Yield those of the nodes that the view has, in a folded folder or not."""
        if self.view.changes_only:
            return self.tree.index.touched(nodes, self.view.layer)
        if self.view.scope is Scope.OWN:
            return self.tree.index.touched(nodes, self.view.layer, self._above_repeated)
        return self.tree.shown(nodes, self.view.layer)

    def _is_in_view(self, node: int) -> bool:
        return any(True for _ in self._in_view((node,)))

    def children(self, folder: int) -> list[int]:
        """Return the children of a folder, in the order of the view."""
        flags, children = self._flags, self.tree.index.children(folder)
        nodes = [*self._in_view(children if flags is None else (child for child in children if flags[child]))]
        if self.view.sort is Sort.SIZE and len(nodes) > 1:
            nodes.sort(key=dict(zip(nodes, self._ranks(nodes), strict=True)).__getitem__)
        return nodes

    def _ranks(self, nodes: Iterable[int]) -> Iterator[int]:
        """Yield the numbers by which nodes are sorted by size: the largest first."""
        return map(neg, self._sizes(nodes))

    def size(self, node: int) -> int:
        """Return the content bytes of a file, or of the files below a folder, with a filter of those that match."""
        return next(self._sizes((node,)))

    def _sizes(self, nodes: Iterable[int]) -> Iterator[int]:
        known = self._sizes_of_matches
        if not known:
            return self.whole_sizes(nodes)
        return (known[node] if node in known else next(self.whole_sizes((node,))) for node in nodes)

    def whole_sizes(self, nodes: Iterable[int]) -> Iterator[int]:
        """Yield the size of each node, whatever the filter."""
        return self.tree.sizes(nodes, self.view.layer)

    def is_folder(self, node: int) -> bool:
        """Return whether the row can be unfolded: the view has paths below it."""
        return any(True for _ in self._in_view(self.tree.index.children(node)))

    def is_open(self, node: int) -> bool:
        """Return whether the row is an unfolded folder. A filter unfolds the folders above its matches."""
        depth = self.tree.index.depths[node]
        if self._flags is not None and self._flags[node] & _ABOVE_MATCH:
            return self.folds.chosen.get(node, True)
        return self.folds.is_open(node, depth)

    def _grow(self, rows: Ints, folder: int) -> Iterator[None]:
        """Append the rows below a folder, with those below unfolded folders."""
        levels, ends, is_open = [iter(self.children(folder))], self.tree.index.ends, self.is_open
        while levels:
            for node in levels[-1]:
                rows.append(node)
                if not len(rows) % _ROWS_A_BATCH:
                    yield
                if ends[node] > node + 1 and is_open(node):
                    levels.append(iter(self.children(node)))
                    break
            else:
                levels.pop()

    def toggle(self, row: int) -> Iterator[None]:
        """Unfold or fold the folder in a row; yields after each batch. The rows after the folder come back last."""
        node, below = self.nodes[row], row + 1
        was_open = self.is_open(node)
        self.flip(node)
        if was_open:
            end = self._end_of(row)
            self._folded[node] = self.nodes[below:end]
            del self.nodes[below:end]
            return
        if node in self._folded:
            self.nodes[below:below] = self._folded.pop(node)
            return
        behind = self.nodes[row + 1 :]
        del self.nodes[row + 1 :]
        yield from self._grow(self.nodes, node)
        self.nodes.extend(behind)

    def flip(self, node: int) -> None:
        """Unfold a folded folder, or fold an unfolded one, in the rows that are built next."""
        self.folds.set(node, open_it=not self.is_open(node))

    def _end_of(self, row: int) -> int:
        """Return the row after the last one below a row: in any order, the rows below it are contiguous."""
        node, end = self.nodes[row], self.tree.index.ends[self.nodes[row]]
        return bisect_left(self.nodes, True, row + 1, key=lambda other: not node < other < end)

    def row_of(self, node: int) -> int | None:
        """Return the row of a node, or of the nearest folder above it; None if there is none."""
        while node:
            row = self._exact_row(node)
            if row is not None:
                return row
            node = self.tree.index.parents[node]
        return None

    def _exact_row(self, node: int) -> int | None:
        if self.view.sort is Sort.NAME:
            row = bisect_left(self.nodes, node)
            return row if row < len(self.nodes) and self.nodes[row] == node else None
        try:
            return self.nodes.index(node)
        except ValueError:
            return None

    def node_at(self, row: int) -> int | None:
        """Return the node of a row, or None if there is no such row."""
        return self.nodes[row] if row < len(self.nodes) else None

    def next_match(self, row: int, step: int) -> int | None:
        """Return the next (1) or previous (-1) row that matches, wrapping around; None if there is none."""
        count = len(self.nodes)
        for distance in range(1, count + 1):
            candidate = (row + step * distance) % count
            if self.is_match(self.nodes[candidate]):
                return candidate
        return None
