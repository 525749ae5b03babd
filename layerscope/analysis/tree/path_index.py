"""Every path of an image, stored once and in preorder, with what each layer did to it.

A node is a path; its id is its place in preorder, children sorted by the bytes of their names, the root being 0. What
a node is after layer N is a look-up among its occurrences, and so is the size of a directory; nothing is kept for a
layer.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate

from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.overlay import GONE, VOID, Overlay
from layerscope.model.entries import Ints

_LAYER_BITS = 16
_LARGEST = (1 << 63) - 1
"""What a column holds; more is no honest sum: sparse files may claim any size."""

_NO_CHANGES = frozenset({int(ChangeKind.UNCHANGED), VOID})


@dataclass(frozen=True, slots=True)
class PathIndex:
    """Columns; 37 bytes a node with one occurrence, its name included.

    By node: ``parents``; ``ends`` (one past the last descendant); ``depths`` (the root's is 0); ``name_ends`` (where
    its name ends in ``names``); ``firsts`` (its first occurrence; there is one more, for the end of the last).
    By occurrence, those of a node in the order of layers: ``layers``, ``rows`` (a row of that layer's table, `GONE` or
    `IMPLIED`), ``changes``. ``link_targets`` leads from the occurrence of a hard link to that of the file it shows.
    Sizes of directories: ``size_keys`` (node and layer, ascending) for each layer that touched something below the
    directory, and in ``size_values`` the content bytes below it from that layer on.
    ``opaque``: the occurrences, ascending, that an opaque whiteout alone has hidden the path with.
    """

    parents: Ints
    ends: Ints
    depths: Ints
    name_ends: Ints
    names: bytes
    firsts: Ints
    layers: Ints
    rows: Ints
    changes: bytes
    size_keys: Ints
    size_values: Ints
    link_targets: dict[int, int]
    opaque: Ints = field(default_factory=lambda: array("I"))

    def __len__(self) -> int:
        return len(self.parents)

    def name(self, node: int) -> bytes:
        """Return the last part of the node's path."""
        return self.names[self.name_ends[node - 1] if node else 0 : self.name_ends[node]]

    def path(self, node: int) -> bytes:
        """Return the path relative to the root, whose own path is empty."""
        parts = []
        while node:
            parts.append(self.name(node))
            node = self.parents[node]
        return b"/".join(reversed(parts))

    def find(self, path: bytes) -> int | None:
        """Return the node of a path, or None where no layer has it."""
        node = 0
        for part in path.split(b"/") if path else ():
            child = self.child(node, part)
            if child is None:
                return None
            node = child
        return node

    def child(self, folder: int, name: bytes) -> int | None:
        """Return the node of that name right below a folder, or None where no layer has it."""
        low, high = folder + 1, self.ends[folder]
        while low < high:
            middle = (low + high) // 2
            child = self._ancestor_below(middle, folder)
            found = self.name(child)
            if found == name:
                return child
            low, high = (self.ends[child], high) if found < name else (low, child)
        return None

    def _ancestor_below(self, node: int, folder: int) -> int:
        while self.parents[node] != folder:
            node = self.parents[node]
        return node

    def children(self, folder: int) -> Iterator[int]:
        """Yield the nodes right below a folder, by name."""
        child, end = folder + 1, self.ends[folder]
        while child < end:
            yield child
            child = self.ends[child]

    def ancestors(self, node: int) -> Iterator[int]:
        """Yield the folders above a node, the nearest first, without the root."""
        node = self.parents[node]
        while node:
            yield node
            node = self.parents[node]

    def occurrence(self, node: int, layer: int) -> int:
        """Return the last occurrence of the node in layers 1 to ``layer``, or -1."""
        first = self.firsts[node]
        found = bisect_right(self.layers, layer, first, self.firsts[node + 1]) - 1
        return found if found >= first else -1

    def own_occurrence(self, node: int, layer: int) -> int:
        """Return the occurrence of the node in that very layer, or -1."""
        found = self.occurrence(node, layer)
        return found if found >= 0 and self.layers[found] == layer else -1

    def change(self, node: int, layer: int) -> ChangeKind:
        """Return what the layer did to the node; UNCHANGED also for a node that is not there."""
        found = self.own_occurrence(node, layer)
        return ChangeKind(self.changes[found]) if found >= 0 else ChangeKind.UNCHANGED

    def occurrences(self, node: int) -> range:
        """Return all occurrences of the node, in the order of layers."""
        return range(self.firsts[node], self.firsts[node + 1])

    def repeated(self, layer: int) -> Iterator[int]:
        """Yield the nodes, ascending, that the layer holds again unchanged; it costs what all layers repeated."""
        found = self.changes.find(ChangeKind.UNCHANGED)
        while found >= 0:
            if self.layers[found] == layer and self.rows[found] >= 0:
                yield self.node_of(found)
            found = self.changes.find(ChangeKind.UNCHANGED, found + 1)

    def node_of(self, occurrence: int) -> int:
        """Return the node that an occurrence speaks of."""
        return bisect_right(self.firsts, occurrence) - 1

    def is_opaque(self, occurrence: int) -> bool:
        """Tell whether an opaque whiteout, and no other, has hidden the path with this occurrence."""
        place = bisect_left(self.opaque, occurrence)
        return place < len(self.opaque) and self.opaque[place] == occurrence

    def size_below(self, folder: int, layer: int) -> int:
        """Return the content bytes below a directory in the merged tree at the layer."""
        place = bisect_right(self.size_keys, folder << _LAYER_BITS | layer) - 1
        if place < 0 or self.size_keys[place] >> _LAYER_BITS != folder:
            return 0
        return self.size_values[place]

    def touches_below(self, folder: int, layer: int) -> bool:
        """Tell whether the layer added, modified or removed anything below the directory."""
        key = folder << _LAYER_BITS | layer
        place = bisect_left(self.size_keys, key)
        return place < len(self.size_keys) and self.size_keys[place] == key


def build_path_index(overlay: Overlay) -> PathIndex:
    """Put the paths of an overlay in preorder, with their occurrences and the sizes of directories."""
    paths = list(overlay.ids)
    keys = [path.replace(b"/", b"\0") for path in paths]
    order = sorted(range(len(paths)), key=keys.__getitem__)
    del keys
    ranks = array("I", bytes(4 * len(order)))
    for rank, path in enumerate(order):
        ranks[path] = rank
    parents = array("I", [ranks[overlay.parents[path]] for path in order])
    names = [paths[path].rpartition(b"/")[2] for path in order]
    occurrences, firsts = _by_node(overlay, ranks)
    sizes = _directory_sizes(overlay, ranks, parents)
    size_keys = sorted(sizes)
    places = {occurrence: place for place, occurrence in enumerate(occurrences)} if overlay.link_targets else {}
    return PathIndex(
        parents,
        _ends(parents),
        _depths(parents),
        array("I", accumulate(map(len, names))),
        b"".join(names),
        firsts,
        array("H", map(overlay.layers.__getitem__, occurrences)),
        array("i", map(overlay.rows.__getitem__, occurrences)),
        bytes(map(overlay.changes.__getitem__, occurrences)),
        array("Q", size_keys),
        array("q", map(sizes.__getitem__, size_keys)),
        {places[link]: places[file] for link, file in overlay.link_targets.items()},
        _opaque(overlay, occurrences),
    )


def _ends(parents: Ints) -> Ints:
    ends = array("I", range(1, len(parents) + 1))
    for node in range(len(parents) - 1, 0, -1):
        parent = parents[node]
        # the last child, which is met first, ends where its parent does
        if ends[parent] == parent + 1:
            ends[parent] = ends[node]
    return ends


def _depths(parents: Ints) -> Ints:
    depths = array("H", [0])
    add = depths.append
    for node in range(1, len(parents)):
        add(depths[parents[node]] + 1)
    return depths


def _by_node(overlay: Overlay, ranks: Ints) -> tuple[list[int], Ints]:
    """Return the occurrences ordered by node, and where those of each node start."""
    nodes = [ranks[path] for path in overlay.paths]
    kept = [occurrence for occurrence, change in enumerate(overlay.changes) if change != VOID]
    counts = array("I", bytes(4 * (len(ranks) + 1)))
    for occurrence in kept:
        counts[nodes[occurrence] + 1] += 1
    kept.sort(key=nodes.__getitem__)
    return kept, array("I", accumulate(counts))


def _opaque(overlay: Overlay, occurrences: list[int]) -> Ints:
    """Return the places of the occurrences that opaque whiteouts made and that nothing was written over."""
    if not overlay.opaque_runs:
        return array("I")
    made = bytearray(len(overlay.paths))
    for run in overlay.opaque_runs:
        made[run.start : run.stop] = b"\1" * len(run)
    return array("I", [place for place, one in enumerate(occurrences) if made[one] and overlay.rows[one] == GONE])


def _directory_sizes(overlay: Overlay, ranks: Ints, parents: Ints) -> dict[int, int]:
    """Return the content bytes below each directory, by node and layer, for each layer that touched some of it."""
    totals = [0] * len(ranks)
    sizes: dict[int, int] = {}
    start = 0
    while start < len(overlay.layers):
        layer = overlay.layers[start]
        end = bisect_right(overlay.layers, layer, start)
        grown = _grown_folders(overlay, range(start, end), ranks, parents)
        sizes.update(_settled(grown, totals, parents, layer))
        start = end
    return sizes


def _grown_folders(overlay: Overlay, occurrences: range, ranks: Ints, parents: Ints) -> dict[int, int]:
    """Return by how many content bytes one layer's occurrences change what lies right in each folder they touch."""
    paths, changes, rows, befores = overlay.paths, overlay.changes, overlay.rows, overlay.befores
    layers, tables, grown = overlay.layers, overlay.tables, dict[int, int]()
    sizes = tables[layers[occurrences.start]].sizes
    for occurrence in occurrences:
        if changes[occurrence] in _NO_CHANGES:
            continue
        row, before = rows[occurrence], befores[occurrence]
        growth = sizes[row] if row >= 0 else 0
        if before >= 0 and (below := rows[before]) >= 0:
            growth -= tables[layers[before]].sizes[below]
        folder = parents[ranks[paths[occurrence]]]
        grown[folder] = grown.get(folder, 0) + growth
    return grown


def _settled(grown: dict[int, int], totals: list[int], parents: Ints, layer: int) -> Iterator[tuple[int, int]]:
    """Carry a layer's growth up to the root, the deepest folders first, and yield each folder's key and new total."""
    for folder in list(grown):
        above = parents[folder]
        while above not in grown:
            grown[above] = 0
            above = parents[above]
    # whatever is above a folder stands before it in preorder
    for folder in sorted(grown, reverse=True):
        growth = grown[folder]
        total = totals[folder] = totals[folder] + growth
        yield folder << _LAYER_BITS | layer, min(total, _LARGEST)
        if folder:
            grown[parents[folder]] += growth
