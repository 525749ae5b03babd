"""The choice of rows of a tree: the layer, its scope, sort, filter and columns, and the unfolded folders."""

from collections.abc import Iterable
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from layerscope.analysis.tree.path_index import PathIndex
from layerscope.settings.settings import Settings

if TYPE_CHECKING:
    from layerscope.analysis.search.query import Query


class Scope(Enum):
    """The paths of a tree: those of all layers up to this one, or only the layer's own."""

    MERGED = "merged"
    OWN = "own"

    @property
    def other(self) -> "Scope":
        return Scope.OWN if self is Scope.MERGED else Scope.MERGED

    @property
    def label(self) -> str:
        return "all files" if self is Scope.MERGED else "this layer's changes"


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
        self.chosen[node] = open_it

    def clear_chosen(self) -> None:
        """Forget the folders that were unfolded or folded one by one."""
        self.chosen.clear()
        self._missing.clear()

    def move(self, old: PathIndex, new: PathIndex) -> None:
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


COLUMN_SETS = ((), ("mode", "owner"), ("mode", "owner", "mtime", "layer"))
"""The attribute columns that one key steps through."""


class TreeSnapshot(NamedTuple):
    """A view of a tree and its folds."""

    scope: Scope
    changes_only: bool
    query: "Query | None"
    fills: bool
    folds: Folds


class TreeSettings:
    """The settings of one tree; they stay while the tree changes."""

    def __init__(self, *, sort: Sort = Sort.SIZE, changes_only: bool = False) -> None:
        self.sort = sort
        self.fills = True
        self.changes_only = changes_only
        self.scope = Scope.MERGED
        self.query: Query | None = None
        self.columns: tuple[str, ...] = COLUMN_SETS[0]
        self._folds = Folds()
        self._filter_folds = Folds()

    def prefer(self, settings: Settings) -> None:
        """Start with what the user prefers."""
        self.sort, self.columns = Sort(settings.sort), settings.columns
        if settings.unfold is not None:
            self.open_to(settings.unfold)

    @property
    def folds(self) -> Folds:
        """The folds that apply now: a filter has its own."""
        return self._folds if self.query is None else self._filter_folds

    def view(self, layer: int) -> View:
        return View(layer, self.scope, self.changes_only, self.sort, self.query)

    def filter(self, query: "Query | None") -> None:
        self.query = query
        self._filter_folds = Folds()

    def reveal(self, index: PathIndex, node: int) -> None:
        for folder in index.ancestors(node):
            self.folds.set(folder, open_it=True)

    def open_to(self, depth: int) -> None:
        """Unfold all folders above a depth, and fold all others."""
        folds = self.folds
        folds.depth = max(0, min(depth, UNFOLD_ALL))
        folds.clear_chosen()
        self.fills = False

    def open_deeper(self, step: int) -> None:
        """Unfold folders by a number of levels more than before, or fewer."""
        self.open_to((0 if self.folds.depth == UNFOLD_ALL else self.folds.depth) + step)

    def open_all(self) -> None:
        self.open_to(UNFOLD_ALL)

    def toggle_all(self) -> None:
        """Unfold all folders, or fold all if none was folded since."""
        folds = self.folds
        are_open = folds.depth == UNFOLD_ALL and all(folds.chosen.values())
        self.open_to(0 if are_open else UNFOLD_ALL)

    @property
    def snapshot(self) -> "TreeSnapshot":
        """The view and the folds, to come back to."""
        return TreeSnapshot(self.scope, self.changes_only, self.query, self.fills, self._folds.copy())

    def restore(self, snapshot: "TreeSnapshot") -> None:
        self.filter(snapshot.query)
        self.scope, self.changes_only, self.fills, self._folds = (
            snapshot.scope,
            snapshot.changes_only,
            snapshot.fills,
            snapshot.folds,
        )

    def keep_folds(self, old: PathIndex, new: PathIndex) -> None:
        """Keep folded what is folded, by path, when another tree replaces the old one."""
        for folds in (self._folds, self._filter_folds):
            folds.move(old, new)

    def toggle_sort(self) -> None:
        """Sort by size instead of name, or by name instead of size."""
        self.sort = Sort.NAME if self.sort is Sort.SIZE else Sort.SIZE

    def toggle_changes(self) -> None:
        """Show only changes, or all files again."""
        self.changes_only = not self.changes_only

    def show(self, scope: Scope) -> None:
        """Show all files, or only what the layer changed."""
        self.scope = scope

    def next_columns(self) -> None:
        """Show the next set of columns; the first one after columns that the user has chosen in the settings."""
        position = COLUMN_SETS.index(self.columns) + 1 if self.columns in COLUMN_SETS else 0
        self.columns = COLUMN_SETS[position % len(COLUMN_SETS)]
