"""The state of a comparison screen: the comparison that is shown, and the view of its tree."""

from typing import NamedTuple

from layerscope.analysis.comparison.certainty import uncertain_rows
from layerscope.analysis.comparison.diff_tree import AFTER, DiffTree
from layerscope.comparison.compare import Comparison
from layerscope.session.loaded_image import LoadedImage
from layerscope.text import plural, signed_size
from layerscope.tui.comparison.rows import DiffRows
from layerscope.tui.tree.settings import TreeSettings
from layerscope.tui.tree.state import no_rows_sentence, row_captions
from layerscope.tui.tree.view import Sort
from layerscope.tui.tree.visible_rows import VisibleRows

_FEW = 300
"""The most changes that are shown with all folders unfolded at the start."""


class Compared(NamedTuple):
    """A comparison with its tree.

    ``sides`` are the names of the two states; ``moves`` maps a node to the path that its file was moved from or to;
    ``uncertain`` are the nodes whose differences depend on layers that could not be read.
    """

    comparison: Comparison
    sides: tuple[str, str]
    tree: DiffTree
    moves: dict[int, bytes]
    uncertain: frozenset[int]
    is_complete: bool
    """False if any layer of the two states could not be read completely."""


class Summary(NamedTuple):
    """The number of paths that differ, the content bytes by which the files grew, and the differences in words."""

    counts: int
    growth: int
    words: list[str]


def compared(comparison: Comparison, sides: tuple[str, str]) -> Compared:
    """Compute the tree of a comparison. This takes time, so call it from a thread."""
    diff = comparison.diff
    old, new = (_incomplete_layers(loaded) for loaded in (comparison.old, comparison.new))
    uncertain = frozenset(diff.nodes[row] for row in uncertain_rows(diff, old, new))
    is_complete = not any(
        layer <= state.state.layer
        for layers, state in ((old, diff.pairing.old), (new, diff.pairing.new))
        for layer in layers
    )
    return Compared(comparison, sides, comparison.tree, {}, uncertain, is_complete)


def _incomplete_layers(loaded: LoadedImage) -> set[int]:
    return {number for number, tally in loaded.tallies.layers.items() if tally.error}


def moved(comparison: Comparison) -> dict[int, bytes]:
    """Return the moves of a comparison, by node. This reads files, so call it from a thread."""
    diff, moves = comparison.diff, dict[int, bytes]()
    path = diff.pairing.shape.path
    for move in comparison.moves:
        removed, added = diff.nodes[move.removed], diff.nodes[move.added]
        moves[removed], moves[added] = path(added), path(removed)
    return moves


class ComparisonState:
    """Two states, and the view of their differences."""

    def __init__(self) -> None:
        self.settings = TreeSettings(sort=Sort.SIZE, changes_only=True)
        self.compared: Compared | None = None
        self.waiting = "Reading the layers."

    def take(self, compared: Compared) -> None:
        """Show a comparison; folders that are folded stay folded."""
        before, self.compared = self.compared, compared
        if before is None:
            if len(compared.tree.diff) <= _FEW:
                self.settings.open_all()
            return
        self.settings.keep_folds(before.tree.index, compared.tree.index)

    def differs(self, node: int) -> bool:
        """Return whether a path itself differs, apart from the paths below it."""
        return self.compared is not None and node in self.compared.tree.rows_by_node

    def first_change(self, rows: VisibleRows) -> int:
        """Return the first row that differs with nothing unfolded below it, or the first row."""
        differing = ((row, node) for row, node in enumerate(rows) if self.differs(node))
        return next((row for row, node in differing if not (rows.is_folder(node) and rows.is_open(node))), 0)

    def moved_node(self, node: int) -> int | None:
        """Return the node that a file was moved from or to; None if it was not moved, as far as is known."""
        if self.compared is None or node not in self.compared.moves:
            return None
        return self.compared.tree.index.find(self.compared.moves[node])

    def rows(self) -> VisibleRows | None:
        """Return the rows of the comparison, which are still to be built."""
        if self.compared is None:
            return None
        return DiffRows(
            self.compared.tree,
            self.settings.view(AFTER),
            self.settings.folds,
            self.compared.moves,
            self.compared.uncertain,
        )

    @property
    def title(self) -> list[str]:
        """The two states."""
        return ["Changes" if self.compared is None else f"Changes from {' to '.join(self.compared.sides)}"]

    def captions(self, rows: VisibleRows) -> list[str]:
        """Return the number of differences, then the captions of the rows."""
        summary = self.summary
        growth = [signed_size(summary.growth)] if summary.counts else []
        return [*summary.words[:1], *growth, *summary.words[1:], *row_captions(rows, size_word="change")]

    @property
    def is_marked(self) -> bool:
        """True: the changes of a comparison are always known."""
        return True

    @property
    def summary(self) -> Summary:
        """The number of paths that differ, and the difference in bytes."""
        if self.compared is None:
            return Summary(0, 0, [])
        added, modified, removed, delta = self.compared.tree.diff.summary
        counts = [f"{mark}{count:,}" for mark, count in (("+", added), ("~", modified), ("-", removed)) if count]
        uncertain = len(self.compared.uncertain)
        if not counts:
            return Summary(0, 0, ["no path differs" if self.compared.is_complete else "not all layers could be read"])
        words = [" ".join(counts), *([f"? {uncertain:,} uncertain"] if uncertain else [])]
        return Summary(added + modified + removed, delta, words)

    @property
    def unread(self) -> str:
        """A sentence on the files that could not be compared, or an empty text."""
        count = len(self.compared.tree.diff.unread) if self.compared else 0
        return (
            f"The bytes of {plural(count, 'path')} could not be read: they count as different content." if count else ""
        )

    def why_no_tree(self) -> str:
        """Return the reason why there is no tree yet."""
        return self.waiting

    def why_no_rows(self, rows: VisibleRows) -> str:
        """Return the sentence to show instead of rows."""
        if rows.view.query is None and rows.view.changes_only and self.compared is not None:
            if not self.compared.is_complete:
                return "No difference was found, but not all layers could be read."
            return f"No path differs between {' and '.join(self.compared.sides)}."
        return no_rows_sentence(rows)
