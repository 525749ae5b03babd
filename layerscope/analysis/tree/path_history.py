"""The history of one path: what each layer did to it."""

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
