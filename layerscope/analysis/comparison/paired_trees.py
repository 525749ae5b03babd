"""Pairs the paths of two images, by a merge over both preorders."""

from array import array
from collections.abc import Iterator

from layerscope.analysis.comparison.pairing import NOWHERE, Pairing, Side
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.path_index import PathIndex
from layerscope.analysis.tree.tree_state import TreeState
from layerscope.model.entries import Ints


def pair_trees(left: TreeState, right: TreeState, shared: int = 0) -> Pairing:
    """Return the merged trees of two images together.

    The lowest ``shared`` layers are the same in both. What no layer above them changed is taken over in whole slices,
    and is no candidate: nothing but the time of a repeated directory can differ there. Say 0 where times matter.
    """
    merge = _Merge(left, right, shared)
    merge.run()
    return Pairing(merge.shape(), Side(left, merge.lefts), Side(right, merge.rights), merge.candidates)


class _Merge:
    """The columns of the paths of both trees, as they grow."""

    def __init__(self, left: TreeState, right: TreeState, shared: int) -> None:
        self._left = left
        self._right = right
        self._shared = min(shared, left.layer, right.layer)
        self._parents: Ints = array("I", [0])
        self._depths: Ints = array("H", [0])
        self._names = bytearray()
        self._name_ends: Ints = array("I", [0])
        self.lefts: Ints = array("i", [0])
        self.rights: Ints = array("i", [0])
        self.candidates: Ints = array("I")

    def run(self) -> None:
        """Go down both trees at once."""
        waiting = self._children(0, 0, 0)
        while waiting:
            parent, name, left, right = waiting.pop()
            node = len(self._parents)
            self._append(parent, name, left, right)
            if not self._take_slice(node, left, right):
                self.candidates.append(node)
                waiting += self._children(node, left, right)

    def _append(self, parent: int, name: bytes, left: int, right: int) -> None:
        self._parents.append(parent)
        self._depths.append(self._depths[parent] + 1)
        self._names += name
        self._name_ends.append(len(self._names))
        self.lefts.append(left)
        self.rights.append(right)

    def _children(self, parent: int, left: int, right: int) -> list[tuple[int, bytes, int, int]]:
        """Return what is right below a folder on either side, the last one first."""
        others = dict(_present_children(self._right, right))
        both = [(name, node, others.pop(name, NOWHERE)) for name, node in _present_children(self._left, left)]
        both += [(name, NOWHERE, node) for name, node in others.items()]
        both.sort(reverse=True)
        return [(parent, *found) for found in both]

    def _take_slice(self, node: int, left: int, right: int) -> bool:
        """Take over a path with all below it, if only shared layers touched it; tell whether that was done."""
        if not self._shared or NOWHERE in (left, right) or not self._is_untouched(left, right):
            return False
        index, other = self._left.tree.index, self._right.tree.index
        start, end = left + 1, index.ends[left]
        count = end - start
        if not _is_same_shape(index, left, other, right):
            return False
        shift = node + 1 - start
        self._parents.extend([parent + shift for parent in index.parents[start:end]])
        self._depths.extend(index.depths[start:end])
        first = index.name_ends[left]
        name_shift = len(self._names) - first
        self._name_ends.extend([at + name_shift for at in index.name_ends[start:end]])
        self._names += index.names[first : index.name_ends[end - 1]]
        self.lefts.extend(range(start, end))
        self.rights.extend(range(right + 1, right + 1 + count))
        return True

    def _is_untouched(self, left: int, right: int) -> bool:
        sides = (self._left.tree, left), (self._right.tree, right)
        return not any(_is_touched(tree, node, layer) for tree, node in sides for layer in tree.layers[self._shared :])

    def shape(self) -> PathIndex:
        """Return the paths; none has an occurrence."""
        count = len(self._parents)
        return PathIndex(
            self._parents,
            _ends(self._parents),
            self._depths,
            self._name_ends,
            bytes(self._names),
            array("I", bytes(4 * (count + 1))),
            array("H"),
            array("i"),
            b"",
            array("Q"),
            array("q"),
            {},
        )


def _present_children(state: TreeState, folder: int) -> Iterator[tuple[bytes, int]]:
    if folder == NOWHERE:
        return
    index = state.tree.index
    for child in index.children(folder):
        if state.standing(child) >= 0:
            yield index.name(child), child


def _is_touched(tree: LayeredTree, node: int, layer: int) -> bool:
    return tree.index.own_occurrence(node, layer) >= 0 or tree.index.touches_below(node, layer)


def _is_same_shape(index: PathIndex, left: int, other: PathIndex, right: int) -> bool:
    """Tell whether both indexes have the same names below the nodes; a layer may leave paths that it took back."""
    end, other_end = index.ends[left], other.ends[right]
    return (
        end - left == other_end - right
        and index.depths[left:end] == other.depths[right:other_end]
        and _names_below(index, left) == _names_below(other, right)
    )


def _names_below(index: PathIndex, node: int) -> tuple[bytes, list[int]]:
    first, end = index.name_ends[node], index.ends[node]
    ends = index.name_ends[node + 1 : end]
    return index.names[first : index.name_ends[end - 1]], [at - first for at in ends]


def _ends(parents: Ints) -> Ints:
    """Return one past the last descendant of each node."""
    ends = array("I", range(1, len(parents) + 1))
    for node in range(len(parents) - 1, 0, -1):
        parent = parents[node]
        ends[parent] = max(ends[parent], ends[node])
    return ends
