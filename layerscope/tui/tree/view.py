"""The choice of rows of a tree: the layer, its scope, sort and filter, and the unfolded folders."""

from collections.abc import Iterable
from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from layerscope.analysis.search.query import Query


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
        self.filling: set[int] = set()

    def is_open(self, node: int, depth: int) -> bool:
        """Return whether a folder at that depth (the root's children are at 1) is unfolded."""
        return self.chosen.get(node, depth <= self.depth or node in self.filling)

    def set(self, node: int, *, open_it: bool) -> None:
        """Unfold or fold one folder."""
        self.chosen[node] = open_it

    @property
    def exceptions(self) -> Iterable[int]:
        """The folders for which more than their depth counts."""
        return self.chosen.keys() | self.filling

    def copy(self) -> "Folds":
        """Return folds that do not change with these."""
        folds = Folds(self.depth)
        folds.chosen, folds.filling = dict(self.chosen), set(self.filling)
        return folds
