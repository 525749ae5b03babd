"""Which rows of a tree are printed, and in which order."""

from collections.abc import Iterator
from dataclasses import dataclass

from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.layered_tree import LayeredTree


@dataclass(frozen=True, slots=True)
class TreeSelection:
    """The tree of a layer with its marks; if told, only some ``changes``, and only to a ``depth`` (1: top level)."""

    layer: int
    changes: frozenset[ChangeKind] = frozenset(ChangeKind)
    depth: int | None = None
    by_size: bool = False

    def preorder(self, tree: LayeredTree) -> Iterator[tuple[int, str]]:
        """Yield the nodes that are selected with their absolute paths, each folder followed by what is in it."""
        return self._walk(tree, as_strings=False)

    def by_path(self, tree: LayeredTree) -> Iterator[tuple[int, str]]:
        """Yield them in the order of the paths as strings: ``/a``, ``/a-b``, ``/a/c``."""
        return self._walk(tree, as_strings=True)

    def _walk(self, tree: LayeredTree, *, as_strings: bool) -> Iterator[tuple[int, str]]:
        """Go down from the root; what waits is a node with its path, or with a slash after it for what is below it."""
        is_shown, layer, every_change = tree.is_shown, self.layer, len(self.changes) == len(ChangeKind)
        waiting = self._below(tree, 0, "/", as_strings=as_strings)
        while waiting:
            path, node = waiting.pop()
            if path[-1] == "/":
                waiting += self._below(tree, node, path, as_strings=as_strings)
            elif is_shown(node, layer) and (every_change or tree.index.change(node, layer) in self.changes):
                yield node, path

    def _below(self, tree: LayeredTree, folder: int, prefix: str, *, as_strings: bool) -> list[tuple[str, int]]:
        """Return what waits right below a folder, the first at the end."""
        index = tree.index
        found: list[tuple[str, int]] = []
        for child in index.children(folder):
            path = prefix + index.name(child).decode("utf-8", "surrogateescape")
            found.append((path, child))
            if index.ends[child] > child + 1 and self._goes_below(tree, child):
                found.append((path + "/", child))
        if as_strings:
            found.sort()
        found.reverse()
        return found

    def _goes_below(self, tree: LayeredTree, folder: int) -> bool:
        if self.depth is not None and tree.index.depths[folder] >= self.depth:
            return False
        return ChangeKind.UNCHANGED in self.changes or tree.index.touches_below(folder, self.layer)
