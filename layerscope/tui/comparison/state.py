"""The state of a comparison screen, what it asks of the two states that it compares, and messages from its threads."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from textual.message import Message

from layerscope.analysis.comparison.certainty import uncertain_rows
from layerscope.analysis.comparison.diff_tree import AFTER, DiffTree
from layerscope.comparison.compare import Comparison
from layerscope.session.loaded_image import LoadedImage
from layerscope.session.reading.background import BackgroundLoader
from layerscope.text import human_size, plural, signed_size
from layerscope.tui.comparison.file_tree import DiffRows
from layerscope.tui.keys.table import KeyGroup
from layerscope.tui.tree.state import Caption, no_rows_sentence, row_captions
from layerscope.tui.tree.view import Sort, TreeSettings
from layerscope.tui.tree.visible_rows import VisibleRows
from layerscope.tui.widgets.field_list import Field
from layerscope.tui.widgets.step_list import StepList

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
        return ["Changes" if self.compared is None else f"Changes from {' to '.join(self.compared.sides)}"]

    def captions(self, rows: VisibleRows) -> list[Caption]:
        """Return the number of differences, then the captions of the rows."""
        summary = self.summary
        growth = [signed_size(summary.growth)] if summary.counts else []
        words = [*summary.words[:1], *growth, *summary.words[1:]]
        return [*map(Caption, words), *row_captions(rows, size_word="change")]

    @property
    def knows_changes(self) -> bool:
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
        if rows.view.query is None and rows.view.changes_only and self.compared is not None:
            if not self.compared.is_complete:
                return "No difference was found, but not all layers could be read."
            return f"No path differs between {' and '.join(self.compared.sides)}."
        return no_rows_sentence(rows)


@dataclass
class LayersBeingRead(Message):
    """Some layers have been read; ``share`` is the part of them, from 0 to 1."""

    share: float

    def can_replace(self, message: Message) -> bool:
        """Let only the last of several be handled."""
        return isinstance(message, LayersBeingRead)


@dataclass
class AllLayersRead(Message):
    """All layers were read; ``error`` says why if that failed."""

    trees: Sequence[LoadedImage]
    error: str | None


@dataclass
class ComparisonDone(Message):
    """A comparison was computed; ``error`` says why if that failed."""

    wanted: Hashable
    result: Compared | None
    error: str | None


@dataclass
class MovesKnown(Message):
    """The moved files are known, by node, and with them everything about a comparison."""

    result: Compared
    moves: Mapping[int, bytes]


class DetailsComputed(Message):
    """The details that take longer than the comparison are known."""


def grown(names: Sequence[str], sizes: tuple[int | None, int | None], arrow: str) -> str:
    """Return two names with their sizes and the difference: ``app:v1 398 MB -> app:v2 415 MB (+17 MB)``."""
    old, new = sizes
    words = arrow.join(f"{name} {human_size(size)}" for name, size in zip(names, sizes, strict=True))
    return words if old is None or new is None else f"{words} ({signed_size(new - old)})"


class ComparedStates(Protocol):
    """Everything in which the comparison of two layers differs from that of two images."""

    @property
    def keys(self) -> tuple[KeyGroup, ...]: ...

    @property
    def readers(self) -> Sequence[BackgroundLoader]:
        """The readers of the layers, if these have not been read yet."""
        ...

    @property
    def step_list(self) -> StepList:
        """The list of steps, in which the user chooses what to compare."""
        ...

    @property
    def actions(self) -> Mapping[str, Callable[[], None]]:
        """The actions that only this kind of comparison has, by name; each changes `wanted`."""
        ...

    def take_trees(self, trees: Sequence[LoadedImage]) -> None:
        """Take the trees that the readers have read."""
        ...

    def show_steps(self) -> None: ...

    def choose(self, item: int) -> None:
        """Compare at another item of the list."""
        ...

    def wanted(self) -> Hashable:
        """Return a key of the comparison to show, or None until the layers have been read."""
        ...

    def comparison(self) -> Comparison:
        """Return the comparison to show; nothing of it is computed yet."""
        ...

    def sides(self) -> tuple[str, str]:
        """Return the names of the old and the new state."""
        ...

    def headlines(self) -> Sequence[str]:
        """Return the names of the states with their sizes, then shorter forms of that."""
        ...

    def facts(self) -> list[str]:
        """Return what the title line says beside the headline and the differences."""
        ...

    def fields(self) -> Sequence[list[Field]]:
        """Return the details of the chosen step, then shorter forms of them."""
        ...

    def unfold(self) -> bool:
        """Unfold the chosen step, and return whether it can be; details have to be computed then."""
        ...

    def fold(self) -> bool:
        """Fold the chosen step, and return whether it was unfolded."""
        ...

    def compute_details(self) -> bool:
        """Compute details that take longer than the comparison; return whether there are any. Called in a thread."""
        ...
