"""The choice of rows of a tree: the layer, its scope, sort and filter, and the unfolded folders."""

from collections.abc import Iterable
from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from layerscope.analysis.search.query import Query
    from layerscope.analysis.tree.path_index import PathIndex


class Scope(Enum):
    """The paths of a tree: those of all layers up to this one, or only the layer's own."""

    MERGED = "merged"
    OWN = "own"


class Sort(Enum):
    """The order of the children of a folder."""

    NAME = "name"
    SIZE = "size"


class View(Struct, frozen=True):
    """Everything that determines the rows, except the folds."""

    layer: int
    scope: Scope = Scope.MERGED
    changes_only: bool = False
    sort: Sort = Sort.NAME
    query: "Query | None" = None


UNFOLD_ALL = 1 << 15
"""A depth that no path reaches."""


class Folds:
    """The unfolded folders: those that were chosen, those above a depth, and those that fill the screen."""

    def __init__(self, depth: int = 0) -> None:
        self.depth = depth
        self.chosen: dict[int, bool] = {}
        self._missing: dict[bytes, bool] = {}
        self.filling: set[int] = set()

    def is_open(self, node: int, depth: int) -> bool:
        """Return whether a folder at that depth (the root's children are at 1) is unfolded."""
        return self.chosen.get(node, depth <= self.depth or node in self.filling)

    def set(self, node: int, *, open_it: bool) -> None:
        """Unfold or fold one folder."""
        self.chosen[node] = open_it

    def clear_chosen(self) -> None:
        """Forget the folders that were unfolded or folded one by one."""
        self.chosen.clear()
        self._missing.clear()

    def move(self, old: "PathIndex", new: "PathIndex") -> None:
        """Keep the chosen folders, by path, when another tree replaces the old one; it may still lack some of them."""
        paths = self._missing | {old.path(node): is_open for node, is_open in self.chosen.items()}
        self.chosen, self._missing = {}, {}
        for path, is_open in paths.items():
            node = new.find(path)
            if node is None:
                self._missing[path] = is_open
            else:
                self.chosen[node] = is_open

    @property
    def exceptions(self) -> Iterable[int]:
        """The folders for which more than their depth counts."""
        return self.chosen.keys() | self.filling

    def copy(self) -> "Folds":
        """Return folds that do not change with these."""
        folds = Folds(self.depth)
        folds.chosen, folds.filling, folds._missing = dict(self.chosen), set(self.filling), dict(self._missing)
        return folds
