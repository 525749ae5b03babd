"""How a file tree is looked at: sort, filter, folds, columns. What the tree is of, a subclass knows."""

from layerscope.analysis.search.query import Query
from layerscope.analysis.tree.path_index import PathIndex
from layerscope.text import plural
from layerscope.tui.tree.visible_rows import Folds, Scope, Sort, VisibleRows

COLUMN_SETS = ((), ("mode", "owner"), ("mode", "owner", "mtime", "layer"))
"""The attribute columns, as a key steps through them."""

_OPEN_ALL = 1 << 15


class FilesState:
    """The view of one tree, which may not be there yet."""

    def __init__(self) -> None:
        self.scope = Scope.MERGED
        self.changes_only = False
        self.sort = Sort.NAME
        self.query: Query | None = None
        self.columns: tuple[str, ...] = COLUMN_SETS[0]
        self._folds = Folds()
        self._filter_folds = Folds()

    def rows(self) -> VisibleRows | None:
        """Return the rows as they are asked for, still to be built; None where there is no tree yet."""
        raise NotImplementedError

    @property
    def title(self) -> str:
        """What the tree is of."""
        raise NotImplementedError

    @property
    def is_marked(self) -> bool:
        """Whether the changes of the tree can be told."""
        return True

    def why_no_tree(self) -> str:
        """Return the sentence that stands where there is no tree."""
        raise NotImplementedError

    def why_no_rows(self, rows: VisibleRows) -> str:
        """Return the sentence that stands where a tree has no rows."""
        return "There are no files." if rows.view.query is None else "Nothing matches."

    def captions(self, rows: VisibleRows) -> list[str]:
        """Return what there is to say of the rows: how they are sorted, and how many they are."""
        words = ["changes only"] if rows.view.changes_only else []
        words += [f"by {self.sort_word}", plural(len(rows), "row")]
        return words if rows.view.query is None else [*words, plural(rows.matches, "match", "matches")]

    @property
    def sort_word(self) -> str:
        """What the rows are sorted by."""
        return self.sort.value

    @property
    def folds(self) -> Folds:
        """The folds that are in force: a filter has its own."""
        return self._folds if self.query is None else self._filter_folds

    def filter(self, query: Query | None) -> None:
        """Look for something, or for nothing any more."""
        self.query = query
        self._filter_folds = Folds()

    def reveal(self, index: PathIndex, node: int) -> None:
        """Open the folders above a node."""
        for folder in index.ancestors(node):
            self.folds.set(folder, index.depths[folder], open_it=True)

    def open_to(self, depth: int) -> None:
        """Open all folders above a depth, and fold all others."""
        self.folds.depth = depth
        self.folds.toggled.clear()

    def open_all(self) -> None:
        """Open all folders."""
        self.open_to(_OPEN_ALL)

    def sort_otherwise(self) -> None:
        """Sort by size, or by name."""
        self.sort = Sort.NAME if self.sort is Sort.SIZE else Sort.SIZE

    def show_other_columns(self) -> None:
        """Show the next set of columns."""
        self.columns = COLUMN_SETS[(COLUMN_SETS.index(self.columns) + 1) % len(COLUMN_SETS)]
