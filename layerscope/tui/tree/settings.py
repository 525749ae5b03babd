"""The settings of a file tree on the screen: sort, filter, folds, columns."""

from typing import TYPE_CHECKING, NamedTuple

from layerscope.analysis.tree.path_index import PathIndex
from layerscope.settings.settings import Settings
from layerscope.tui.tree.view import UNFOLD_ALL, Folds, Scope, Sort, View

if TYPE_CHECKING:
    from layerscope.analysis.search.query import Query

COLUMN_SETS = ((), ("mode", "owner"), ("mode", "owner", "mtime", "layer"))
"""The attribute columns that one key steps through."""


class TreePlace(NamedTuple):
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
        """Return the view of a layer with these settings."""
        return View(layer, self.scope, self.changes_only, self.sort, self.query)

    def filter(self, query: "Query | None") -> None:
        """Set the filter, or remove it."""
        self.query = query
        self._filter_folds = Folds()

    def reveal(self, index: PathIndex, node: int) -> None:
        """Unfold the folders above a node."""
        for folder in index.ancestors(node):
            self.folds.set(folder, open_it=True)

    def open_to(self, depth: int) -> None:
        """Unfold all folders above a depth, and fold all others."""
        folds = self.folds
        folds.depth = max(0, min(depth, UNFOLD_ALL))
        folds.clear_chosen()
        self.fills = False

    def open_deeper(self, step: int) -> None:
        """Unfold folders so many levels deeper than before, or less deep."""
        self.open_to((0 if self.folds.depth == UNFOLD_ALL else self.folds.depth) + step)

    def open_all(self) -> None:
        """Unfold all folders."""
        self.open_to(UNFOLD_ALL)

    def toggle_all(self) -> None:
        """Unfold all folders, or fold all if none was folded since."""
        folds = self.folds
        are_open = folds.depth == UNFOLD_ALL and all(folds.chosen.values())
        self.open_to(0 if are_open else UNFOLD_ALL)

    @property
    def place(self) -> "TreePlace":
        """The view and the folds, to come back to."""
        return TreePlace(self.scope, self.changes_only, self.query, self.fills, self._folds.copy())

    def go_back(self, place: "TreePlace") -> None:
        """Return to a view and its folds."""
        self.filter(place.query)
        self.scope, self.changes_only, self.fills, self._folds = (
            place.scope,
            place.changes_only,
            place.fills,
            place.folds,
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
        """Show the merged tree, or only what the layer holds: all of it."""
        self.scope, self.changes_only = scope, False

    def toggle_scope(self) -> None:
        """Show the merged tree, or only what the layer holds."""
        self.scope = Scope.OWN if self.scope is Scope.MERGED else Scope.MERGED

    def next_columns(self) -> None:
        """Show the next set of columns; the first one after columns that the user has chosen in the settings."""
        position = COLUMN_SETS.index(self.columns) + 1 if self.columns in COLUMN_SETS else 0
        self.columns = COLUMN_SETS[position % len(COLUMN_SETS)]
