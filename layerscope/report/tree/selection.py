"""The rows of a tree that are printed, and their order."""

from collections.abc import Iterator
from dataclasses import dataclass

from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.layered_tree import LayeredTree


@dataclass(frozen=True, slots=True)
class TreeSelection:
    """The tree after a layer with its marks; only some ``changes``, and only to a ``depth`` (1: the top level).

    If the layer is ``writable``, its rows name the layer that a path was copied up from.
    """

    layer: int
    changes: frozenset[ChangeKind] = frozenset(ChangeKind)
    depth: int | None = None
    by_size: bool = False
    writable: bool = False

    def preorder(self, tree: LayeredTree) -> Iterator[tuple[int, str]]:
        """Yield the selected nodes with their absolute paths, each folder before its contents."""
        return self._walk(tree, as_strings=False)

    def by_path(self, tree: LayeredTree) -> Iterator[tuple[int, str]]:
        """Yield them sorted by path as strings: ``/a``, ``/a-b``, ``/a/c``."""
        return self._walk(tree, as_strings=True)

    def _walk(self, tree: LayeredTree, *, as_strings: bool) -> Iterator[tuple[int, str]]:
        """Walk down from the root; a pending node is itself, or, with a slash after its path, its contents."""
        is_shown, layer, every_change = tree.is_shown, self.layer, len(self.changes) == len(ChangeKind)
        pending = self._below(tree, 0, "/", as_strings=as_strings)
        while pending:
            path, node = pending.pop()
            if path[-1] == "/":
                pending += self._below(tree, node, path, as_strings=as_strings)
            elif is_shown(node, layer) and (every_change or tree.index.change(node, layer) in self.changes):
                yield node, path

    def _below(self, tree: LayeredTree, folder: int, prefix: str, *, as_strings: bool) -> list[tuple[str, int]]:
        """Return the pending children of a folder, the first at the end."""
        index = tree.index
        pending: list[tuple[str, int]] = []
        for child in index.children(folder):
            path = prefix + index.name(child).decode("utf-8", "surrogateescape")
            pending.append((path, child))
            if index.ends[child] > child + 1 and self._goes_below(tree, child):
                pending.append((path + "/", child))
        if as_strings:
            pending.sort()
        pending.reverse()
        return pending

    def _goes_below(self, tree: LayeredTree, folder: int) -> bool:
        if self.depth is not None and tree.index.depths[folder] >= self.depth:
            return False
        return ChangeKind.UNCHANGED in self.changes or tree.index.touches_below(folder, self.layer)
