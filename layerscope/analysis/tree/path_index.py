"""Every path of an image, stored once and in preorder, with what each layer did to it.

A node is a path. Its id is its position in preorder, with children sorted by the bytes of their names; the root is 0.
In this order the nodes below a directory are one range, so that a subtree is a slice of every column. The state of a
node after layer N is looked up among its occurrences, and so is the size of a directory: a layer stores its changes.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, partial
from itertools import accumulate, compress, count, islice, repeat
from operator import sub

from msgspec import Struct, field

from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.flags import both, byte_flags, equal_flags, flags_at, steps, without
from layerscope.model.columns import Ints, column

_LAYER_BITS = 16
_IS_STEP_DOWN = byte_flags((1).__eq__)

_NAMES_A_SEARCH = 1 << 16


def size_key(folder: int, layer: int) -> int:
    """Return the key of the size of a directory from a layer on; keys sort by directory, then by layer."""
    return folder << _LAYER_BITS | layer


class PathIndex(Struct, frozen=True, kw_only=True, dict=True):
    """Columns; 37 bytes for a node with one occurrence, its name included.

    By node: ``parents``; ``ends`` (one past the last descendant); ``depths`` (0 for the root); ``name_ends`` (the end
    of its name in ``names``, where a slash follows); ``firsts`` (its first occurrence; one more entry holds the end of
    the last).
    By occurrence, those of a node in the order of layers: ``layers``, ``rows`` (a row of that layer's table, `GONE` or
    `IMPLIED`), ``changes``. ``link_targets`` leads from the occurrence of a hard link to the one that it names.
    Sizes of directories: ``size_keys`` (`size_key`, ascending) for each layer that touched something below the
    directory, in ``size_values`` the content bytes below it from that layer on, and in ``written_values`` those that
    the layer itself wrote there. Sparse files may claim any size, so that a sum may be too large for a column:
    ``large_sizes`` and ``large_written`` have those by position. ``carried_keys`` lists, ascending, the keys of layers
    that touched nothing below the directory: a hard link in it took over the bytes of a file that is gone.
    ``opaque`` lists, ascending, the occurrences that hid their path by an opaque whiteout alone, and ``whiteouts``
    those that hid it by its own whiteout, even if the layer wrote it again.
    """

    parents: Ints = column("I")
    ends: Ints = column("I")
    depths: Ints = column("H")
    name_ends: Ints = column("I")
    names: bytes = column(bytes)
    firsts: Ints = column("I")
    layers: Ints = column("H")
    rows: Ints = column("i")
    changes: bytes = column(bytes)
    size_keys: Ints = column("Q")
    size_values: Ints = column("q")
    written_values: Ints = column("q")
    carried_keys: Ints = column("Q")
    opaque: Ints = column("I")
    whiteouts: Ints = column("I")
    link_targets: dict[int, int] = field(default_factory=dict)
    large_sizes: dict[int, int] = field(default_factory=dict)
    large_written: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Sort the hard links now, in the thread that takes the index from the reader, not when a key is pressed."""
        _ = self._links

    @cached_property
    def _links(self) -> dict[int, list[int]]:
        """The occurrences of hard links, ascending, by the occurrence that they name."""
        links = dict[int, list[int]]()
        for link, target in sorted(self.link_targets.items()):
            links.setdefault(target, []).append(link)
        return links

    @cached_property
    def _carriers(self) -> dict[tuple[int, int], int]:
        return {}

    @cached_property
    def _holding(self) -> dict[bytes, Ints]:
        return {}

    @cached_property
    def rewritten(self) -> Sequence[int]:
        """The nodes that several layers wrote or removed, ascending."""
        counts = map(sub, islice(self.firsts, 1, None), self.firsts)
        return list(compress(count(), map((1).__lt__, counts)))

    def __len__(self) -> int:
        return len(self.parents)

    def name(self, node: int) -> bytes:
        """Return the last part of the node's path."""
        return self.names[self.name_ends[node - 1] + 1 : self.name_ends[node]] if node else b""

    def names_of(self, first: int, end: int) -> bytes:
        """Return the names of the nodes from ``first`` to before ``end``, slashes between them."""
        return self.names[self.name_ends[first - 1] + 1 : self.name_ends[min(end, len(self)) - 1]]

    def path(self, node: int) -> bytes:
        """Return the path relative to the root; the path of the root is empty."""
        parts = []
        while node:
            parts.append(self.name(node))
            node = self.parents[node]
        return b"/".join(reversed(parts))

    def find(self, path: bytes) -> int | None:
        """Return the node of a path, or None if no layer has it."""
        node = 0
        for part in path.split(b"/") if path else ():
            child = self.child(node, part)
            if child is None:
                return None
            node = child
        return node

    def child(self, folder: int, name: bytes) -> int | None:
        """Return the node of that name directly below a folder, or None if no layer has it."""
        low, high = folder + 1, self.ends[folder]
        while low < high:
            middle = (low + high) // 2
            child = self._ancestor_below(middle, folder)
            middle_name = self.name(child)
            if middle_name == name:
                return child
            low, high = (self.ends[child], high) if middle_name < name else (low, child)
        return None

    def _ancestor_below(self, node: int, folder: int) -> int:
        while self.parents[node] != folder:
            node = self.parents[node]
        return node

    def nodes_holding(self, literal: bytes) -> Ints:
        """Return the nodes whose names hold the text, ascending; remembered: several rules look for one name."""
        known = self._holding.get(literal)
        if known is None:
            known = self._holding[literal] = array("I")
            for first in range(1, len(self), _NAMES_A_SEARCH):
                known.extend(self.holding(literal, first, first + _NAMES_A_SEARCH))
        return known

    def holding(self, literal: bytes, first: int, end: int) -> Iterable[int]:
        """Return the nodes from ``first`` to before ``end`` whose names hold the text, which has no slash, ascending.

        All names are searched as the one text that they are stored in, so that the search runs at the speed of memory:
        the node of a match is the number of slashes before it.
        """
        parts = self.names_of(first, end).split(literal)
        nodes = accumulate(map(bytes.count, parts, repeat(b"/")), initial=first)
        return dict.fromkeys(islice(nodes, 1, len(parts)))

    def children(self, folder: int) -> Iterator[int]:
        """Yield the nodes directly below a folder, by name."""
        child, end = folder + 1, self.ends[folder]
        while child < end:
            yield child
            child = self.ends[child]

    def folder_flags(self, nodes: range) -> bytes:
        """Flag those of the nodes that have others below, which come next; after a step up by 255 levels also one."""
        depths = self.depths[nodes.start : nodes.stop + 1]
        if nodes.stop == len(self):
            depths.append(0)
        return steps(depths).translate(_IS_STEP_DOWN)

    def flag_below(self, folders: bytes, first: int, below: bytearray) -> None:
        """Flag what is below flagged folders in ``below``, given the flags of nodes from ``first`` on.

        Those that are flagged there are left out: so is all that is below them.
        """
        folders = without(folders, below[first : first + len(folders)])
        position = folders.find(1)
        while position >= 0:
            start, end = first + position + 1, self.ends[first + position]
            below[start:end] = b"\1" * (end - start)
            position = folders.find(1, end - first)

    def ancestors(self, node: int) -> Iterator[int]:
        """Yield the folders that contain a node, the nearest first, without the root."""
        node = self.parents[node]
        while node:
            yield node
            node = self.parents[node]

    def occurrence(self, node: int, layer: int) -> int:
        """Return the last occurrence of the node in layers 1 to ``layer``, or -1."""
        first = self.firsts[node]
        last = bisect_right(self.layers, layer, first, self.firsts[node + 1]) - 1
        return last if last >= first else -1

    def own_occurrence(self, node: int, layer: int) -> int:
        """Return the occurrence of the node in exactly this layer, or -1."""
        occurrence = self.occurrence(node, layer)
        return occurrence if occurrence >= 0 and self.layers[occurrence] == layer else -1

    def change(self, node: int, layer: int) -> ChangeKind:
        """Return what the layer did to the node; UNCHANGED also for a node that does not exist."""
        occurrence = self.own_occurrence(node, layer)
        return ChangeKind(self.changes[occurrence]) if occurrence >= 0 else ChangeKind.UNCHANGED

    def occurrences(self, node: int) -> range:
        return range(self.firsts[node], self.firsts[node + 1])

    def repeated(self, layer: int) -> Iterator[int]:
        """Yield the nodes, ascending, that the layer holds again unchanged.

        The cost grows with what the layer repeats, not with the number of nodes.
        """
        unchanged = self.changes.translate(byte_flags(int(ChangeKind.UNCHANGED).__eq__))
        repeated = both(unchanged, equal_flags(self.layers, layer))
        occurrence = repeated.find(1)
        while occurrence >= 0:
            if self.rows[occurrence] >= 0:
                yield self.node_of(occurrence)
            occurrence = repeated.find(1, occurrence + 1)

    def node_of(self, occurrence: int) -> int:
        return bisect_right(self.firsts, occurrence) - 1

    def is_opaque(self, occurrence: int) -> bool:
        """Return whether an opaque whiteout alone hid the path with this occurrence."""
        return _holds(self.opaque, occurrence)

    def is_whited_out(self, occurrence: int) -> bool:
        """Return whether the layer of the occurrence has a whiteout of the path, whatever else it has there."""
        return _holds(self.whiteouts, occurrence)

    def hidden_by_opaque(self, layer: int) -> int:
        """Return the number of paths that an opaque whiteout of the layer hid."""
        return sum(self.layers[occurrence] == layer for occurrence in self.opaque)

    def size_below(self, folder: int, layer: int) -> int:
        """Return the content bytes below a directory in the merged tree at the layer."""
        position = bisect_right(self.size_keys, size_key(folder, layer)) - 1
        if position < 0 or self.size_keys[position] < size_key(folder, 0):
            return 0
        return self.large_sizes.get(position, self.size_values[position])

    def written_below(self, folder: int, layer: int) -> int:
        """Return the content bytes that the layer itself wrote below a directory."""
        key = size_key(folder, layer)
        position = bisect_left(self.size_keys, key)
        if position == len(self.size_keys) or self.size_keys[position] != key:
            return 0
        return self.large_written.get(position, self.written_values[position])

    def touches_below(self, folder: int, layer: int) -> bool:
        """Return whether the layer added, modified or removed anything below the directory."""
        key, keys = folder << _LAYER_BITS | layer, self.size_keys
        position = bisect_left(keys, key)
        return position < len(keys) and keys[position] == key and not _holds(self.carried_keys, key)

    def folders_touched(self, nodes: range, layer: int) -> set[int]:
        """Return those of the nodes for which `touches_below` is true, in a hundredth of the time for each."""
        touched, carried = (
            {key >> _LAYER_BITS for key in compress(part, equal_flags(part, layer))}
            for part in (_keys_of(nodes, keys) for keys in (self.size_keys, self.carried_keys))
        )
        return touched - carried

    def touched(
        self, nodes: Iterable[int], layer: int, is_above: Callable[[int], object] | None = None, *, copies: bool = False
    ) -> Iterator[int]:
        """Yield those of the nodes that the layer changed, or changed something below.

        With ``copies``, also yield those that the layer only holds again. ``is_above`` replaces `touches_below`.
        A view of a large tree asks this of each node, and a call for each would take three times as long.
        """
        firsts, ends, layers, changes = self.firsts, self.ends, self.layers, self.changes
        unchanged, is_above = int(ChangeKind.UNCHANGED), is_above or partial(self.touches_below, layer=layer)
        for node in nodes:
            first, end = firsts[node], firsts[node + 1]
            own = first if end - first == 1 else bisect_right(layers, layer, first, end) - 1
            if (own >= first and layers[own] == layer and (copies or changes[own] != unchanged)) or (
                ends[node] > node + 1 and is_above(node)
            ):
                yield node

    def touched_flags(self, nodes: range, layer: int, *, copies: bool) -> bytes:
        """Flag those of the nodes that the layer itself changed, with ``copies`` also those that it holds again."""
        return flags_at(nodes, self.touched(nodes, layer, frozenset[int]().__contains__, copies=copies))

    def links_to(self, file: int) -> Sequence[int]:
        """Return the occurrences of the hard links to a file, in the order of nodes."""
        return self._links.get(file, ())

    def carrier(self, file: int, layer: int) -> int:
        """Return the occurrence at which the bytes of a file count in the merged tree at the layer, or -1.

        That is the file itself or, once its own path is gone, the first hard link to it that is present.
        """
        known = self._carriers.get((file, layer))
        if known is None:
            names = (file, *self.links_to(file))
            known = next((name for name in names if self.occurrence(self.node_of(name), layer) == name), -1)
            self._carriers[file, layer] = known
        return known

    def is_touched_above(self, node: int, layer: int) -> bool:
        """Return whether any later layer touched the node, or anything below it."""
        last = self.firsts[node + 1] - 1
        if last >= self.firsts[node] and self.layers[last] > layer:
            return True
        position = bisect_left(self.size_keys, size_key(node + 1, 0)) - 1
        return position >= 0 and self.size_keys[position] > size_key(node, layer)


def _keys_of(nodes: range, keys: Ints) -> Ints:
    """Return those of ascending keys that belong to a range of nodes."""
    first, end = (bisect_left(keys, size_key(node, 0)) for node in (nodes.start, nodes.stop))
    return keys[first:end]


def _holds(column: Ints, value: int) -> bool:
    position = bisect_left(column, value)
    return position < len(column) and column[position] == value
