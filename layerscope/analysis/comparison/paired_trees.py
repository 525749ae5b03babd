"""Pairs the paths of two images, by a merge over both preorders."""

from array import array
from collections.abc import Iterator

from layerscope.analysis.comparison.pairing import NOWHERE, Pairing, Side
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.path_index import PathIndex
from layerscope.analysis.tree.tree_state import TreeState
from layerscope.model.entries import Ints


def pair_trees(old: TreeState, new: TreeState, shared: int = 0) -> Pairing:
    """Return the merged trees of two images together.

    The lowest ``shared`` layers are the same in both. What no layer above them changed is taken over in whole slices,
    and is no candidate: nothing but the time of a repeated directory can differ there. Say 0 where times matter.
    """
    merge = _Merge(old, new, shared)
    merge.run()
    return Pairing(merge.shape(), Side(old, merge.olds), Side(new, merge.news), merge.candidates)


class _Merge:
    """The columns of the paths of both trees, as they grow."""

    def __init__(self, old: TreeState, new: TreeState, shared: int) -> None:
        self._old = old
        self._new = new
        self._shared = min(shared, old.layer, new.layer)
        self._parents: Ints = array("I", [0])
        self._depths: Ints = array("H", [0])
        self._names = bytearray()
        self._name_ends: Ints = array("I", [0])
        self.olds: Ints = array("i", [0])
        self.news: Ints = array("i", [0])
        self.candidates: Ints = array("I")

    def run(self) -> None:
        """Go down both trees at once."""
        waiting = self._children(0, 0, 0)
        while waiting:
            parent, name, old, new = waiting.pop()
            node = len(self._parents)
            self._append(parent, name, old, new)
            if not self._take_slice(node, old, new):
                self.candidates.append(node)
                waiting += self._children(node, old, new)

    def _append(self, parent: int, name: bytes, old: int, new: int) -> None:
        self._parents.append(parent)
        self._depths.append(self._depths[parent] + 1)
        self._names += name
        self._name_ends.append(len(self._names))
        self.olds.append(old)
        self.news.append(new)

    def _children(self, parent: int, old: int, new: int) -> list[tuple[int, bytes, int, int]]:
        """Return what is right below a folder on either side, the last one first."""
        others = dict(_present_children(self._new, new))
        both = [(name, node, others.pop(name, NOWHERE)) for name, node in _present_children(self._old, old)]
        both += [(name, NOWHERE, node) for name, node in others.items()]
        both.sort(reverse=True)
        return [(parent, *found) for found in both]

    def _take_slice(self, node: int, old: int, new: int) -> bool:
        """Take over a path with all below it, if only shared layers touched it; tell whether that was done."""
        if not self._shared or NOWHERE in (old, new) or not self._is_untouched(old, new):
            return False
        index, other = self._old.tree.index, self._new.tree.index
        start, end = old + 1, index.ends[old]
        count = end - start
        if not _is_same_shape(index, old, other, new):
            return False
        shift = node + 1 - start
        self._parents.extend([parent + shift for parent in index.parents[start:end]])
        self._depths.extend(index.depths[start:end])
        first = index.name_ends[old]
        name_shift = len(self._names) - first
        self._name_ends.extend([at + name_shift for at in index.name_ends[start:end]])
        self._names += index.names[first : index.name_ends[end - 1]]
        self.olds.extend(range(start, end))
        self.news.extend(range(new + 1, new + 1 + count))
        return True

    def _is_untouched(self, old: int, new: int) -> bool:
        sides = (self._old.tree, old), (self._new.tree, new)
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


def _is_same_shape(index: PathIndex, old: int, other: PathIndex, new: int) -> bool:
    """Tell whether both indexes have the same names below the nodes; a layer may leave paths that it took back."""
    end, other_end = index.ends[old], other.ends[new]
    return (
        end - old == other_end - new
        and index.depths[old:end] == other.depths[new:other_end]
        and _names_below(index, old) == _names_below(other, new)
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
