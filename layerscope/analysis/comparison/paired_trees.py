"""Pairs the paths of two images, by a merge over both preorders."""

from array import array
from collections.abc import Iterator

from layerscope.analysis.comparison.pairing import NOWHERE, PairedState, Pairing
from layerscope.analysis.tree.index_building import subtree_ends
from layerscope.analysis.tree.path_index import PathIndex
from layerscope.analysis.tree.tree_state import TreeState


def pair_trees(old: TreeState, new: TreeState, shared: int = 0) -> Pairing:
    """Return the merged trees of two images together.

    The lowest ``shared`` layers are the same in both. Subtrees that no later layer changed are copied as slices
    and have no candidates: only the time of a repeated directory can differ there. Pass 0 if times matter.
    """
    merge = _Merge(old, new, shared)
    merge.run()
    return Pairing(merge.shape(), PairedState(old, merge.olds), PairedState(new, merge.news), merge.candidates)


class _Merge:
    """The columns of the paths of both trees, as they grow."""

    def __init__(self, old: TreeState, new: TreeState, shared: int) -> None:
        self._old = old
        self._new = new
        self._shared = min(shared, old.layer, new.layer)
        self._parents = array("I", [0])
        self._depths = array("H", [0])
        self._names = bytearray(b"/")
        self._name_ends = array("I", [0])
        self.olds = array("i", [0])
        self.news = array("i", [0])
        self.candidates = array("I")

    def run(self) -> None:
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
        self._names += b"/"
        self.olds.append(old)
        self.news.append(new)

    def _children(self, parent: int, old: int, new: int) -> list[tuple[int, bytes, int, int]]:
        """Return the paths directly below a folder on either side, the last one first."""
        new_children = dict(_present_children(self._new, new))
        both = [(name, node, new_children.pop(name, NOWHERE)) for name, node in _present_children(self._old, old)]
        both += [(name, NOWHERE, node) for name, node in new_children.items()]
        both.sort(reverse=True)
        return [(parent, *child) for child in both]

    def _take_slice(self, node: int, old: int, new: int) -> bool:
        """Copy a path with everything below it, if only shared layers touched it; return whether that was done."""
        if not self._shared or NOWHERE in (old, new) or not self._is_untouched(old, new):
            return False
        index, new_index = self._old.tree.index, self._new.tree.index
        start, end = old + 1, index.ends[old]
        count = end - start
        if not _is_same_shape(index, old, new_index, new):
            return False
        shift = node + 1 - start
        self._parents.extend([parent + shift for parent in index.parents[start:end]])
        self._depths.extend(index.depths[start:end])
        first = index.name_ends[old] + 1
        name_shift = len(self._names) - first
        self._name_ends.extend([at + name_shift for at in index.name_ends[start:end]])
        self._names += index.names[first : index.name_ends[end - 1] + 1]
        self.olds.extend(range(start, end))
        self.news.extend(range(new + 1, new + 1 + count))
        return True

    def _is_untouched(self, old: int, new: int) -> bool:
        sides = (self._old.tree.index, old), (self._new.tree.index, new)
        return not any(index.is_touched_above(node, self._shared) for index, node in sides)

    def shape(self) -> PathIndex:
        """Return the paths, without any occurrence."""
        return PathIndex(
            parents=self._parents,
            ends=subtree_ends(self._parents),
            depths=self._depths,
            name_ends=self._name_ends,
            names=bytes(self._names),
            firsts=array("I", bytes(4 * (len(self._parents) + 1))),
        )


def _present_children(state: TreeState, folder: int) -> Iterator[tuple[bytes, int]]:
    if folder == NOWHERE:
        return
    index = state.tree.index
    for child in index.children(folder):
        if state.occurrence(child) >= 0:
            yield index.name(child), child


def _is_same_shape(old_index: PathIndex, old: int, new_index: PathIndex, new: int) -> bool:
    """Return whether both indexes have the same names below the nodes.

    They may differ although no layer shows it: an index keeps the paths that a layer wrote and hid again.
    """
    old_end, new_end = old_index.ends[old], new_index.ends[new]
    return (
        old_end - old == new_end - new
        and old_index.depths[old:old_end] == new_index.depths[new:new_end]
        and _names_below(old_index, old) == _names_below(new_index, new)
    )


def _names_below(index: PathIndex, node: int) -> tuple[bytes, list[int]]:
    first, end = index.name_ends[node], index.ends[node]
    ends = index.name_ends[node + 1 : end]
    return index.names[first : index.name_ends[end - 1]], [at - first for at in ends]
