"""Every layer that wrote, changed or removed a path, and whether the final image shows it as that layer left it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from itertools import compress, zip_longest
from typing import NamedTuple

from msgspec import Struct

from layerscope.analysis.search.query import Query
from layerscope.analysis.tree.change import GONE, ChangeKind
from layerscope.analysis.tree.flags import either
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.model.entries import FileEntry
from layerscope.text import path_text

EntryTest = Callable[[FileEntry], bool]


class FoundPath(NamedTuple):
    """A path as a layer wrote it; of a removal, as it was before.

    ``occurrence`` is the one that wrote the ``entry``. It is live if the final image shows it; else the layer
    ``hidden_by`` wrote the path again or removed it. A removal is neither.
    """

    node: int
    occurrence: int
    layer: int
    change: ChangeKind
    entry: FileEntry
    hidden_by: int | None

    @property
    def is_live(self) -> bool:
        """True if the final image shows it."""
        return self.hidden_by is None and self.change is not ChangeKind.REMOVED


class Wanted(Struct, frozen=True):
    """A search in all layers: paths that match one of the ``queries``, if there are any, and pass all ``tests``.

    ``layer`` is the only layer, and ``live`` whether what is found has to be live, or hidden.
    """

    queries: Sequence[Query] = ()
    tests: Sequence[EntryTest] = ()
    layer: int | None = None
    live: bool | None = None

    def accepts(self, found: FoundPath) -> bool:
        """Return whether a path with the right name is what is searched for."""
        if self.layer not in (None, found.layer):
            return False
        if self.live is not None and not (found.is_live if self.live else found.hidden_by):
            return False
        return all(test(found.entry) for test in self.tests)


def find_paths(tree: LayeredTree, wanted: Wanted) -> Iterator[FoundPath]:
    """Yield what is found, by path, then by layer; raises UsageError if an expression takes too long.

    A directory that a layer only repeats is not a change of that layer, and is left out.
    """
    nodes = _named(tree, wanted.queries)
    if wanted.tests or wanted.layer or wanted.live is not None:
        # few are left, so that it costs less to look at them again than to sort the paths of all
        nodes = (node for node in nodes if any(map(wanted.accepts, _changes_at(tree, node, b""))))
    for node in sorted(nodes, key=lambda node: path_text(tree.index.path(node))):
        yield from filter(wanted.accepts, _changes_at(tree, node, tree.index.path(node)))


def _named(tree: LayeredTree, queries: Sequence[Query]) -> Iterable[int]:
    """Return the nodes that match a query, ascending."""
    nodes = range(1, len(tree.index))
    if not queries:
        return nodes
    flags = reduce(either, (b"".join(query.flags(tree.index)) for query in queries))
    return compress(nodes, flags[1:])


def _changes_at(tree: LayeredTree, node: int, path: bytes) -> Iterator[FoundPath]:
    """Yield what each layer did to a node, in the order of layers."""
    index = tree.index
    changes = [at for at in index.occurrences(node) if index.changes[at] != ChangeKind.UNCHANGED]
    for at, hidden_by in zip_longest(changes, [index.layers[at] for at in changes[1:]]):
        is_removal, layer = index.rows[at] == GONE, index.layers[at]
        # the occurrence before a removal is the state that was removed
        written = at - is_removal
        entry = tree.entry_at(written, path, layer - is_removal)
        change = ChangeKind(index.changes[at])
        yield FoundPath(node, written, layer, change, entry, None if is_removal else hidden_by)
