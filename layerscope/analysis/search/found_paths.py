"""Every layer that wrote, changed or removed a path, and whether the final image shows it as that layer left it."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import reduce
from itertools import chain, compress, zip_longest
from typing import NamedTuple

from msgspec import Struct

from layerscope.analysis.search.query import Query
from layerscope.analysis.tree.change import GONE, ChangeKind
from layerscope.analysis.tree.flags import either
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.path_index import PathIndex
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
        return self.hidden_by is None and not self.is_removal

    @property
    def is_removal(self) -> bool:
        """True if the layer removed it."""
        return self.change is ChangeKind.REMOVED


class Wanted(Struct, frozen=True):
    """A search in all layers: paths that match one of the ``queries``, if there are any, and pass all ``tests``.

    ``layer`` is the only layer, and ``live`` whether what is found has to be live, or hidden. ``occurrences`` are the
    only ones that are left of an earlier search, removals not among them.
    """

    queries: Sequence[Query] = ()
    tests: Sequence[EntryTest] = ()
    layer: int | None = None
    live: bool | None = None
    occurrences: Collection[int] | None = None

    @property
    def is_any(self) -> bool:
        """True if a path with the right name is all that is wanted."""
        return not self.tests and self.layer is None and self.live is None and self.occurrences is None

    def accepts(self, found: FoundPath) -> bool:
        """Return whether a path with the right name is what is searched for."""
        if self.layer not in (None, found.layer):
            return False
        if self.occurrences is not None:
            return not found.is_removal and found.occurrence in self.occurrences
        if self.live is not None and not (found.is_live if self.live else found.hidden_by):
            return False
        return all(test(found.entry) for test in self.tests)


def find_paths(tree: LayeredTree, wanted: Wanted) -> Iterator[FoundPath]:
    """Yield what is found, by path, then by layer; raises UsageError if an expression takes too long.

    A directory that a layer only repeats is not a change of that layer, and is left out.
    """
    nodes = _nodes(tree, wanted)
    if not wanted.is_any:
        # few are left, so that it costs less to look at them again than to sort the paths of all
        nodes = (node for node in nodes if any(map(wanted.accepts, changes_at(tree, node, b""))))
    for node in sorted(nodes, key=_path_key(tree.index)):
        yield from filter(wanted.accepts, changes_at(tree, node, tree.index.path(node)))


def _path_key(index: PathIndex) -> Callable[[int], str]:
    """Return a function that returns the path of a node; it puts the paths of folders together only once."""
    folders = {0: ""}

    def path(node: int) -> str:
        folder = index.parents[node]
        if folder not in folders:
            folders[folder] = path_text(index.path(folder))
        return f"{folders[folder]}/{index.name(node).decode('utf-8', 'surrogateescape')}"

    return path


def found_files(tree: LayeredTree, wanted: Wanted) -> dict[int, int]:
    """Return the occurrences of files and of hard links that are found, each with the file that has its content."""
    nodes = _nodes(tree, wanted)
    if wanted.is_any:
        # four times as fast
        occurrences: Iterable[int] = chain.from_iterable(map(tree.index.occurrences, nodes))
    else:
        found = chain.from_iterable(changes_at(tree, node, b"") for node in nodes)
        occurrences = (each.occurrence for each in found if not each.is_removal and wanted.accepts(each))
    files = ((occurrence, tree.file_behind(occurrence)) for occurrence in occurrences)
    return {occurrence: file for occurrence, file in files if file >= 0}


def _nodes(tree: LayeredTree, wanted: Wanted) -> Iterable[int]:
    if wanted.occurrences is not None:
        return set(map(tree.index.node_of, wanted.occurrences))
    nodes = range(1, len(tree.index))
    if not wanted.queries:
        return nodes
    flags = reduce(either, (b"".join(query.flags(tree.index)) for query in wanted.queries))
    return compress(nodes, flags[1:])


def changes_at(tree: LayeredTree, node: int, path: bytes) -> Iterator[FoundPath]:
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
