"""The visible rows of a tree: unfolded, filtered and sorted, at one layer.

Rows are counted, not built: an unfolded folder is listed when it is needed to find a row, or when a folder in it was
unfolded or folded by hand. Of all others, the rows below are the flags of a slice of nodes. What takes long is done by
a generator that yields between batches, so that a view can handle keys between them.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush
from itertools import accumulate, islice, pairwise
from operator import neg
from typing import TYPE_CHECKING, NamedTuple

from layerscope.analysis.tree.flags import at_most_flags, both
from layerscope.text import human_size, plural
from layerscope.tui.tree.nodes_in_view import Matches, NodesInView, ShownTree, Sizes
from layerscope.tui.tree.view import UNFOLD_ALL, Folds, Scope, Sort, View

if TYPE_CHECKING:
    from layerscope.analysis.search.query import Query

_NODES_A_BATCH = 1 << 14
_MOST_SCREENS = 16
"""Screens of paths to look at for those of one screen."""


class _Unfolded(NamedTuple):
    """An unfolded folder: its children in the order of the view, and the row of each, the first one being 0.

    ``starts`` has one number more: that of all rows below the folder.
    """

    children: list[int]
    starts: list[int]


class DeadFile(NamedTuple):
    """A file that a layer wrote and that a later one hid."""

    node: int
    size: int
    layer: int
    hidden_by: int


class VisibleRows:
    """The rows of one tree under one view. Once they are built, a change of ``folds`` does not change them."""

    def __init__(self, tree: ShownTree, view: View, folds: Folds) -> None:
        self.tree = tree
        self.view = view
        self.folds = folds
        self.in_view = NodesInView(tree, view)
        self.dead_files: Sequence[DeadFile] = ()
        """In the order of nodes; it may still be filled."""
        self.matches: Matches | None = None
        self.is_building = False
        self.flags = bytearray()
        """By node: 1 for a row, if no folder were unfolded or folded by hand. Empty if no other folder is unfolded."""
        self._unfolded: dict[int, _Unfolded] = {}
        self._known: dict[int, int] = {}
        """The nodes of rows that were looked for."""

    def __len__(self) -> int:
        root = self._unfolded.get(0)
        return 0 if root is None else root.starts[-1]

    def __getitem__(self, row: int) -> int:
        node = self._known.get(row)
        if node is None:
            node = self._known[row] = self._way_to(row)[-1]
        return node

    def __iter__(self) -> Iterator[int]:
        levels = [iter(self.children(0))]
        while levels:
            for node in levels[-1]:
                yield node
                if self._is_unfolded(node):
                    levels.append(iter(self._list(node).children))
                    break
            else:
                levels.pop()

    def build(self, height: int = 0, before: "VisibleRows | None" = None) -> Iterator[None]:
        """Find and count the rows; yields between batches. There are none before the end.

        With a ``height``, folders are unfolded until they fill it, the largest first. What was found for the
        rows ``before`` is not looked for again.
        """
        self.folds = self.folds.copy()
        self.is_building = True
        try:
            yield from self._find(height, before)
            yield from self._count()
        finally:
            self.is_building = False

    def _find(self, height: int, before: "VisibleRows | None") -> Iterator[None]:
        if before is not None:
            self._take_over(before)
        yield from self.in_view.find()
        if self.view.query is not None:
            yield from self.in_view.flag_all()
            yield from self._match(self.view.query)
        elif height:
            self.folds.filling = self._filling(height)
        if self.matches is not None or self.folds.depth:
            yield from self.in_view.flag_all()
            yield from self._flag_rows()

    def _take_over(self, before: "VisibleRows") -> None:
        """Take what was found for other rows and holds for these, too."""
        if before.in_view.has_same_nodes(self.in_view):
            self.in_view = before.in_view
            if self.view.query is before.view.query is None and self.folds.depth == before.folds.depth:
                self.flags = before.flags

    def _filling(self, height: int) -> set[int]:
        """Return the folders that fill a screen of ``height`` rows with paths that have a size, the largest first.

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
            filling.update(too_large[:1])
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
            children += self.in_view.those_of((child,))
            if len(children) > most or count > _MOST_SCREENS * most:
                return None
        return children

    def _match(self, query: "Query") -> Iterator[None]:
        """Find the paths that match, the folders above them, and all paths below a folder that matches."""
        self.matches = Matches(self.tree.index)
        yield from self.matches.find(query, self.in_view.flags, self.whole_sizes, self.whole_hidden_sizes)

    def _flag_rows(self) -> Iterator[None]:
        """Flag the nodes that are rows if no folder is unfolded or folded by hand: the folders above them are open."""
        index, matches, deepest, flags = self.tree.index, self.matches, self.folds.depth + 1, self.flags
        if matches is None and deepest > UNFOLD_ALL:
            self.flags = self.in_view.flags
            return
        while len(flags) < len(index):
            part = slice(len(flags), len(flags) + _NODES_A_BATCH)
            listed = at_most_flags(index.depths[part], deepest)
            if matches is not None:
                listed = matches.listed_flags(part, listed)
            flags += both(listed, self.in_view.flags[part])
            if len(flags) < len(index):
                yield

    def _count(self) -> Iterator[None]:
        """List the folders that were unfolded by hand, and those above them, from the bottom up."""
        listed, parents = {0}, self.tree.index.parents
        for exception in self.folds.exceptions:
            folder = exception
            while folder not in listed:
                listed.add(folder)
                folder = parents[folder]
        # In preorder, a folder comes before what is below it: backwards, what it counts is complete in time.
        for folder in sorted(listed, reverse=True):
            if self._is_unfolded(folder):
                yield from self._listing(folder)

    def _list(self, folder: int) -> _Unfolded:
        """Return an unfolded folder, listed now if it was not before."""
        if folder not in self._unfolded:
            for _ in self._listing(folder):
                pass
        return self._unfolded[folder]

    def _listing(self, folder: int) -> Iterator[None]:
        children, starts = list[int](), list[int]()
        yield from self._add_children(folder, children)
        yield from _add(accumulate((1 + self._rows_below(child) for child in children), initial=0), starts)
        self._unfolded[folder] = _Unfolded(children, starts)

    def _rows_below(self, node: int) -> int:
        if not self._is_unfolded(node):
            return 0
        if node in self._unfolded:
            return self._unfolded[node].starts[-1]
        # Nothing below was unfolded or folded by hand: such a folder is listed, and those above it.
        return self.flags.count(1, node + 1, self.tree.index.ends[node])

    def _is_unfolded(self, node: int) -> bool:
        return not node or (self.tree.index.ends[node] > node + 1 and self.is_open(node))

    def _way_to(self, row: int) -> list[int]:
        """Return the nodes from the root's child to that of a row."""
        way, folder = list[int](), 0
        while True:
            children, starts = self._list(folder)
            position = bisect_right(starts, row) - 1
            folder, row = children[position], row - starts[position]
            way.append(folder)
            if not row:
                return way
            row -= 1

    def is_found(self, node: int) -> bool:
        """Return whether the node matches the query, or is below one that does."""
        return self.matches is not None and self.matches.is_found(node)

    def match_words(self) -> str:
        """Return the number of matches, the bytes of the files among them, and the matches that only others hold."""
        matches = self.matches
        if matches is None:
            return ""
        elsewhere = f", {matches.elsewhere:,} in other layers" if matches.elsewhere else ""
        return f"{plural(matches.count, 'match', 'matches')}, {human_size(matches.size)}{elsewhere}"

    def is_match(self, node: int) -> bool:
        return self.matches is not None and self.matches.is_match(node)

    def children(self, folder: int) -> list[int]:
        """Return the children of a folder, in the order of the view."""
        nodes = list[int]()
        for _ in self._add_children(folder, nodes):
            pass
        return nodes

    def _add_children(self, folder: int, nodes: list[int]) -> Iterator[None]:
        """Add the children of a folder to none, in the order of the view."""
        children = self.tree.index.children(folder)
        yield from _add(
            self.in_view.those_of(children if self.matches is None else self.matches.flagged(children)), nodes
        )
        if self.view.sort is Sort.SIZE and len(nodes) > 1:
            ranks = list[int]()
            yield from _add(self._ranks(nodes), ranks)
            nodes.sort(key=dict(zip(nodes, ranks, strict=True)).__getitem__)

    def _ranks(self, nodes: Iterable[int]) -> Iterator[int]:
        """Yield the numbers by which nodes are sorted by size: the largest first."""
        return map(neg, self._sizes(nodes))

    def size(self, node: int) -> int:
        """Return the content bytes of a file, or of the files below a folder, with a filter of those that match."""
        return next(self._sizes((node,)))

    def hidden_size(self, node: int) -> int:
        """Return the bytes of previous layers that the layer hid at a node, or below it, as `size`."""
        return next(self._hidden_sizes((node,)))

    def dead_size(self, node: int) -> int:
        """Return the bytes at a node, or below it, as `size`, that the final image does not show."""
        files, matches, layer, is_own = self.dead_files, self.matches, self.view.layer, self.view.scope is Scope.OWN
        first, end = (bisect_left(files, (at,)) for at in (node, self.tree.index.ends[node]))
        return sum(
            dead.size
            for dead in files[first:end]
            if (dead.layer == layer if is_own else dead.layer <= layer < dead.hidden_by)
            and (matches is None or matches.is_found(dead.node))
        )

    def _sizes(self, nodes: Iterable[int]) -> Iterator[int]:
        return self._filtered(nodes, self.whole_sizes, 0)

    def _hidden_sizes(self, nodes: Iterable[int]) -> Iterator[int]:
        return self._filtered(nodes, self.whole_hidden_sizes, 1)

    def _filtered(self, nodes: Iterable[int], sizes: "Sizes", which: int) -> Iterator[int]:
        """Yield sizes; with a filter, those of a folder above matches are the sums of these."""
        matches = self.matches
        if matches is None:
            return sizes(nodes)
        return (next(sizes((node,))) if matches.is_found(node) else matches.size_below(node, which) for node in nodes)

    def whole_sizes(self, nodes: Iterable[int]) -> Iterator[int]:
        """Yield the size of each node, with or without a filter."""
        return self.tree.sizes(nodes, self.view.layer)

    def whole_hidden_sizes(self, nodes: Iterable[int]) -> Iterator[int]:
        """Yield the bytes that the layer hid at each node, with or without a filter: only `OwnRows` have any."""
        return (0 for _ in nodes)

    def is_folder(self, node: int) -> bool:
        """Return whether the row can be unfolded: the view has paths below it."""
        return any(True for _ in self.in_view.those_of(self.tree.index.children(node)))

    def is_open(self, node: int) -> bool:
        """Return whether the row is an unfolded folder. A filter unfolds the folders above its matches."""
        if self.matches is not None and self.matches.is_above(node):
            return self.folds.chosen.get(node, True)
        return self.folds.is_open(node, self.tree.index.depths[node])

    def toggle(self, row: int) -> None:
        """Unfold or fold the folder in a row."""
        *folders, node = self._way_to(row)
        before = self._rows_below(node)
        self.folds.set(node, open_it=not self.is_open(node))
        if self._is_unfolded(node):
            self._list(node)
        growth = self._rows_below(node) - before
        self._known.clear()
        for folder, child in pairwise([0, *folders, node]):
            children, starts = self._unfolded[folder]
            behind = children.index(child) + 1
            starts[behind:] = [start + growth for start in starts[behind:]]

    def row_of(self, node: int) -> int | None:
        """Return the row of a node, or of the nearest folder above it; None if there is none."""
        row, found, folder = 0, None, 0
        for child in reversed([node, *self.tree.index.ancestors(node)]) if node else ():
            children, starts = self._list(folder)
            if child not in children:
                break
            found = row + starts[children.index(child)]
            if not self._is_unfolded(child):
                break
            row, folder = found + 1, child
        return found

    def node_at(self, row: int) -> int | None:
        return self[row] if row < len(self) else None

    def next_match(self, row: int, step: int) -> int | None:
        """Return the next (1) or previous (-1) row that matches, wrapping around; None if there is none."""
        node = self.node_at(row)
        return None if node is None else self.row_of(next(self._matches_from(node, step), 0))

    def _matches_from(self, node: int, step: int) -> Iterator[int]:
        """Yield the rows that match after a row, or before it, and then all of them again."""
        parents = self.tree.index.parents
        if step > 0:
            yield from (match for match in self._matches_in(node, step) if match != node)
        while node:
            folder = parents[node]
            children = self._list(folder).children
            position = children.index(node)
            for sibling in children[position + 1 :] if step > 0 else reversed(children[:position]):
                yield from self._matches_in(sibling, step)
            if step < 0 and self.is_match(folder):
                yield folder
            node = folder
        for child in self._list(0).children[::step]:
            yield from self._matches_in(child, step)

    def _matches_in(self, node: int, step: int) -> Iterator[int]:
        """Yield the rows that match of a node and what is unfolded below it, from the last one on if ``step`` is -1."""
        matches = self.matches
        waiting = [node]
        while waiting and matches is not None:
            node = waiting.pop()
            if node < 0:
                yield -node
                continue
            is_match = matches.is_match(node)
            below = self._list(node).children[::-step] if matches.is_above(node) and self._is_unfolded(node) else []
            if is_match and step > 0:
                yield node
            elif is_match:
                # comes after what is below it
                waiting.append(-node)
            waiting += below


def _add(numbers: Iterator[int], to: list[int]) -> Iterator[None]:
    while batch := [*islice(numbers, _NODES_A_BATCH)]:
        to += batch
        yield
