"""A comparison limited to some kinds of change and some paths."""

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from layerscope.analysis.comparison.certainty import uncertain_rows
from layerscope.analysis.comparison.diff import Diff
from layerscope.analysis.comparison.diff_tree import DiffTree, diff_tree
from layerscope.analysis.comparison.selection import has_hits, select_changes
from layerscope.analysis.tree.change import ChangeKind
from layerscope.comparison.compare import ImageComparison, LayerComparison

ALL_CHANGES = frozenset({ChangeKind.ADDED, ChangeKind.MODIFIED, ChangeKind.REMOVED})


BrokenLayers = Mapping[int, str]
"""The layers that could not be read whole, by number, each with the reason."""


class MovedFile(NamedTuple):
    """A file that moved to another path: relative paths, and its content bytes."""

    before: bytes
    after: bytes
    size: int


class FilteredComparison:
    """The selected rows of a comparison of two layers or two images."""

    def __init__(
        self,
        comparison: ImageComparison | LayerComparison,
        changes: Collection[ChangeKind] = ALL_CHANGES,
        globs: Sequence[str] = (),
    ) -> None:
        self.old = comparison.old
        self.new = comparison.new
        self.comparison = comparison
        self._changes = changes
        self._globs = globs

    @property
    def images(self) -> ImageComparison | None:
        """The comparison if it is one of two images."""
        return self.comparison if isinstance(self.comparison, ImageComparison) else None

    @property
    def sides(self) -> tuple[int, int]:
        if isinstance(self.comparison, LayerComparison):
            return self.comparison.before, self.comparison.after
        return len(self.old.image.layers), len(self.new.image.layers)

    @property
    def own(self) -> bool:
        """True if the layers' own entries are compared."""
        return isinstance(self.comparison, LayerComparison) and self.comparison.own

    @property
    def is_whole(self) -> bool:
        return not self._globs and len(self._changes) == len(ALL_CHANGES)

    @cached_property
    def diff(self) -> Diff:
        return select_changes(self.comparison.diff, self._changes, self._globs)

    @cached_property
    def tree(self) -> DiffTree:
        return self.comparison.tree if self.diff is self.comparison.diff else diff_tree(self.diff)

    @cached_property
    def moves(self) -> tuple[MovedFile, ...]:
        """The moves that have a part in the selected rows."""
        whole, selected = self.comparison.diff, set(self.diff.nodes)
        shape, moves = whole.pairing.shape, []
        for move in self.comparison.moves:
            removed, added = whole.nodes[move.removed], whole.nodes[move.added]
            if removed in selected or added in selected:
                moves.append(MovedFile(shape.path(removed), shape.path(added), whole.deltas[move.added]))
        return tuple(moves)

    @property
    def unread(self) -> tuple[bytes, ...]:
        """The paths of selected rows whose bytes could not be read."""
        return tuple(self.diff.change(row).path for row in self.diff.unread)

    @property
    def fits_any_path(self) -> bool:
        """True if either side has a selected path."""
        return not self._globs or has_hits(self.comparison.diff, self._globs)

    @property
    def differs(self) -> bool:
        """True if any selected row differs; if all are selected, the configs of two images count as well."""
        return len(self.diff) > 0 or self._config_differs

    @property
    def _config_differs(self) -> bool:
        return self.is_whole and self.images is not None and bool(self.images.config)

    @cached_property
    def broken_layers(self) -> tuple[BrokenLayers, BrokenLayers]:
        old, new = (
            {
                number: tally.error
                for number, tally in loaded.tallies.layers.items()
                if tally.error and (number == side if self.own else number <= side)
            }
            for loaded, side in zip((self.old, self.new), self.sides, strict=True)
        )
        return old, new

    @cached_property
    def uncertain(self) -> frozenset[int]:
        """The selected rows that depend on layers or bytes that could not be read."""
        old, new = self.broken_layers
        return uncertain_rows(self.diff, old, new)

    @property
    def is_certain(self) -> bool:
        """True if `differs` is certain, whatever the layers and bytes hold that could not be read."""
        if len(self.diff) > len(self.uncertain) or self._config_differs:
            return True
        return not self.uncertain and not self._may_hide_differences

    @property
    def _may_hide_differences(self) -> bool:
        old, new = self.broken_layers
        if self.old is self.new and not self.own:
            # Layers below both states are the same on both sides.
            return old.keys() != new.keys()
        return bool(old or new)
