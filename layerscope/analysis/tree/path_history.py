"""The history of one path: what each layer did to it, and what a container did to a path of its image."""

from itertools import pairwise
from typing import NamedTuple

from layerscope.analysis.comparison.difference import UNSETTLED, Aspect, ComparedBytes, difference, settled
from layerscope.analysis.tree.change import GONE, ChangeKind
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.model.entries import FileEntry


class Revision(NamedTuple):
    """A path as one layer left it.

    ``entry`` is what the layer wrote; for a removal, the last state before it. A directory that a layer repeats is a
    revision too, UNCHANGED. ``what`` is empty unless the path existed before and after; if it is empty and the change
    is MODIFIED, the layer holds an identical copy.
    """

    layer: int
    change: ChangeKind
    what: Aspect
    entry: FileEntry
    occurrence: int


def path_history(tree: LayeredTree, node: int, contents: ComparedBytes) -> tuple[Revision, ...]:
    """Return every revision of a node, base first; ``contents`` compares files of this tree with each other."""
    index = tree.index
    path, occurrences = index.path(node), index.occurrences(node)
    written = {occurrence for occurrence in occurrences if index.rows[occurrence] != GONE}
    aspects = {
        new: difference(tree, old, tree, new) for old, new in pairwise(occurrences) if old in written and new in written
    }
    unsettled = [new for new, differing in aspects.items() if differing & UNSETTLED]
    answers = contents.same([(tree.file_behind(new - 1), tree.file_behind(new)) for new in unsettled])
    aspects |= {new: settled(aspects[new], same) for new, same in zip(unsettled, answers, strict=True)}
    # The occurrence before a removal is the state that was removed.
    states = {event: event if event in written else event - 1 for event in occurrences}
    return tuple(
        Revision(
            index.layers[event],
            ChangeKind(index.changes[event]),
            Aspect(aspects.get(event, 0)),
            tree.entry_at(state, path, index.layers[event] - (state != event)),
            state,
        )
        for event, state in states.items()
        if state in written
    )


def holding_layers(tree: LayeredTree, node: int) -> tuple[int, ...]:
    """Return the layers that hold the node, or imply it."""
    index = tree.index
    return tuple(index.layers[occurrence] for occurrence in index.occurrences(node) if index.rows[occurrence] != GONE)


class CopyUp(NamedTuple):
    """A path of an image that a container's writable layer holds again, or hides.

    ``layer`` is the one that it was copied up from, ``size`` the bytes that the copy takes in the writable layer.
    ``what`` is empty for a path that is hidden; ``is_settled`` is false if two files of one size were not compared.
    ``has_other_time`` is false if both times are in the same second: a folder is also copied up for what is below it.
    """

    layer: int
    is_removed: bool
    what: Aspect
    is_settled: bool
    has_other_time: bool
    size: int


def copy_up(tree: LayeredTree, node: int, writable_layer: int) -> CopyUp | None:
    """Return what the writable layer did to a path of the layers before it, as far as the columns say; else None."""
    source = tree.layer_before(node, writable_layer)
    if source is None:
        return None
    occurrence = tree.index.occurrence(node, writable_layer)
    if tree.index.rows[occurrence] == GONE:
        return CopyUp(source, is_removed=True, what=Aspect(0), is_settled=True, has_other_time=False, size=0)
    found = difference(tree, occurrence - 1, tree, occurrence, mtime=True)
    return CopyUp(
        source,
        is_removed=False,
        what=Aspect(found & ~UNSETTLED & ~Aspect.MTIME),
        is_settled=not found & UNSETTLED,
        has_other_time=bool(found & Aspect.MTIME),
        size=tree.own_size(occurrence),
    )
