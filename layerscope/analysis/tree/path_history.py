"""The life of one path: what each layer did to it."""

from itertools import pairwise
from typing import NamedTuple

from layerscope.analysis.comparison.difference import UNSETTLED, Aspect, ComparedBytes, difference, settled, shown_file
from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.overlay import GONE
from layerscope.model.entries import FileEntry


class Revision(NamedTuple):
    """What one layer did to the path.

    ``entry`` is what it wrote; of a removal, what was there before. A directory that a layer repeats as it was is an
    event as well: UNCHANGED. ``what`` is empty but for a path that was there before and after; with MODIFIED and
    nothing in it, the layer holds an identical copy.
    """

    layer: int
    change: ChangeKind
    what: Aspect
    entry: FileEntry
    occurrence: int


def path_history(tree: LayeredTree, node: int, contents: ComparedBytes) -> tuple[Revision, ...]:
    """Return every event of a node, base first; ``contents`` compares files of this tree with each other."""
    index = tree.index
    occurrences = index.occurrences(node)
    standing = [one for one in occurrences if index.rows[one] != GONE]
    found = {
        other: difference(tree, one, tree, other)
        for one, other in pairwise(occurrences)
        if index.rows[one] != GONE and index.rows[other] != GONE
    }
    open_ones = [other for other, aspects in found.items() if aspects & UNSETTLED]
    answers = contents.same([(shown_file(tree, other - 1), shown_file(tree, other)) for other in open_ones])
    same = dict(zip(open_ones, answers, strict=True))
    written = set(standing)
    return tuple(
        Revision(
            index.layers[one],
            ChangeKind(index.changes[one]),
            settled(found[one], same[one]) if one in same else Aspect(found.get(one, 0)),
            tree.entry_of(one if one in written else one - 1, node),
            one if one in written else one - 1,
        )
        for one in occurrences
        if one in written or one - 1 in written
    )


def holding_layers(tree: LayeredTree, node: int) -> tuple[int, ...]:
    """Return the layers after which the node is there for the first time, or in another form."""
    index = tree.index
    return tuple(index.layers[one] for one in index.occurrences(node) if index.rows[one] != GONE)
