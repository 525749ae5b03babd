"""What a comparison shows: which two states, and how their tree is looked at."""

from typing import NamedTuple

from layerscope.analysis.comparison.diff_tree import AFTER, DiffTree
from layerscope.comparison.compare import Comparison
from layerscope.text import plural, signed_size
from layerscope.tui.comparison.rows import DiffRows
from layerscope.tui.tree.state import FilesState
from layerscope.tui.tree.visible_rows import Sort, View, VisibleRows

_FEW = 300
"""So many changes are shown with all their folders open."""


class Compared(NamedTuple):
    """A comparison whose tree is there.

    ``sides`` names what is compared; ``moves`` gives, by node, where a file came from or went to, once that is known.
    """

    comparison: Comparison
    sides: tuple[str, str]
    tree: DiffTree
    moves: dict[int, bytes]


def compared(comparison: Comparison, sides: tuple[str, str]) -> Compared:
    """Compute what the screen shows first of a comparison; takes its time, so call it from a thread."""
    return Compared(comparison, sides, comparison.tree, {})


def moved(comparison: Comparison) -> dict[int, bytes]:
    """Return the moves of a comparison, by node; that reads files, so call it from a thread as well."""
    diff, moves = comparison.diff, dict[int, bytes]()
    path = diff.pairing.shape.path
    for move in comparison.moves:
        gone, come = diff.nodes[move.removed], diff.nodes[move.added]
        moves[gone], moves[come] = path(come), path(gone)
    return moves


class DiffState(FilesState):
    """Two states compared."""

    def __init__(self) -> None:
        super().__init__()
        self.sort = Sort.SIZE
        self.changes_only = True
        self.compared: Compared | None = None
        self.waiting = "Reading the layers."

    def take(self, compared: Compared) -> None:
        """Take in what was compared; what is folded stays folded."""
        before, self.compared = self.compared, compared
        if before is None:
            if len(compared.tree.diff) <= _FEW:
                self.open_all()
            return
        path, find = before.tree.index.path, compared.tree.index.find
        for folds in (self._folds, self._filter_folds):
            folds.toggled = {node for old in folds.toggled if (node := find(path(old))) is not None}

    def differs(self, node: int) -> bool:
        """Tell whether a path itself differs, whatever is below it."""
        return self.compared is not None and node in self.compared.tree.rows_by_node

    def other_place(self, node: int) -> int | None:
        """Return where a file that moved came from, or went to; None for one that did not move, as far as is known."""
        if self.compared is None or node not in self.compared.moves:
            return None
        return self.compared.tree.index.find(self.compared.moves[node])

    def rows(self) -> VisibleRows | None:
        """Return the rows of what differs, still to be built."""
        if self.compared is None:
            return None
        view = View(AFTER, changes_only=self.changes_only, sort=self.sort, query=self.query)
        return DiffRows(self.compared.tree, view, self.folds, self.compared.moves)

    @property
    def title(self) -> str:
        """The two states."""
        return "Changes" if self.compared is None else f"Changes from {' to '.join(self.compared.sides)}"

    def captions(self, rows: VisibleRows) -> list[str]:
        """Return what differs in all, before what there is to say of the rows."""
        return [*self.summary, *super().captions(rows)]

    @property
    def sort_word(self) -> str:
        """What the rows are sorted by: of sizes, by how much they changed."""
        return "change" if self.sort is Sort.SIZE else super().sort_word

    @property
    def summary(self) -> list[str]:
        """How many paths differ, and by how many bytes."""
        if self.compared is None:
            return []
        added, modified, removed, delta = self.compared.tree.diff.summary
        counts = [f"{mark}{count:,}" for mark, count in (("+", added), ("~", modified), ("-", removed)) if count]
        return [" ".join(counts), signed_size(delta)] if counts else ["nothing differs"]

    @property
    def unread(self) -> str:
        """What could not be compared, as a sentence; empty where all could."""
        count = len(self.compared.tree.diff.unread) if self.compared else 0
        return f"The bytes of {plural(count, 'path')} could not be read: they count as other content." if count else ""

    def why_no_tree(self) -> str:
        """Return what the screen waits for."""
        return self.waiting

    def why_no_rows(self, rows: VisibleRows) -> str:
        """Return the sentence that stands where no row is left."""
        if rows.view.query is None and rows.view.changes_only and self.compared is not None:
            return f"Nothing differs between {' and '.join(self.compared.sides)}."
        return super().why_no_rows(rows)
