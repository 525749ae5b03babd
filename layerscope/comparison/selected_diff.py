"""A comparison as it was asked for: all of it, or some kinds of change and some paths."""

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from layerscope.analysis.comparison.diff import Diff
from layerscope.analysis.comparison.diff_tree import DiffTree, diff_tree
from layerscope.analysis.comparison.difference import Aspect
from layerscope.analysis.comparison.selection import has_hits, select_changes
from layerscope.analysis.tree.change import ChangeKind
from layerscope.comparison.compare import Comparison, ImageComparison, LayerComparison
from layerscope.session.loaded_image import LoadedImage

ALL_CHANGES = frozenset({ChangeKind.ADDED, ChangeKind.MODIFIED, ChangeKind.REMOVED})


BrokenLayers = Mapping[int, str]
"""By the number of a layer, why it could not be read whole."""


class MovedFile(NamedTuple):
    """A file that stands at another path: relative paths, and its content bytes."""

    before: bytes
    after: bytes
    size: int


class SelectedDiff:
    """Two sides compared, with the images that they come from: one and the same for two layers of an image."""

    def __init__(
        self,
        old: LoadedImage,
        new: LoadedImage,
        comparison: Comparison,
        changes: Collection[ChangeKind] = ALL_CHANGES,
        globs: Sequence[str] = (),
    ) -> None:
        self.old = old
        self.new = new
        self.comparison = comparison
        self._changes = changes
        self._globs = globs

    @property
    def images(self) -> ImageComparison | None:
        """The comparison, where it is one of two images."""
        return self.comparison if isinstance(self.comparison, ImageComparison) else None

    @property
    def sides(self) -> tuple[int, int]:
        """The layers after which the two sides are looked at."""
        if isinstance(self.comparison, LayerComparison):
            return self.comparison.before, self.comparison.after
        return len(self.old.image.layers), len(self.new.image.layers)

    @property
    def own(self) -> bool:
        """Whether the layers' own entries are compared."""
        return isinstance(self.comparison, LayerComparison) and self.comparison.own

    @property
    def is_whole(self) -> bool:
        """Whether all was asked for."""
        return not self._globs and len(self._changes) == len(ALL_CHANGES)

    @cached_property
    def diff(self) -> Diff:
        """The rows that were asked for."""
        return select_changes(self.comparison.diff, self._changes, self._globs)

    @cached_property
    def tree(self) -> DiffTree:
        """Those rows as a tree."""
        return self.comparison.tree if self.diff is self.comparison.diff else diff_tree(self.diff)

    @cached_property
    def moves(self) -> tuple[MovedFile, ...]:
        """The moves that one of those rows is a part of."""
        whole, selected = self.comparison.diff, set(self.diff.nodes)
        shape, found = whole.pairing.shape, []
        for move in self.comparison.moves:
            gone, come = whole.nodes[move.removed], whole.nodes[move.added]
            if gone in selected or come in selected:
                found.append(MovedFile(shape.path(gone), shape.path(come), whole.deltas[move.added]))
        return tuple(found)

    @property
    def unread(self) -> tuple[bytes, ...]:
        """The paths among those rows whose bytes could not be read."""
        return tuple(self.diff.change(row).path for row in self.diff.unread)

    @property
    def fits_any_path(self) -> bool:
        """Whether either side has a path that was asked for."""
        return not self._globs or has_hits(self.comparison.diff, self._globs)

    @property
    def differs(self) -> bool:
        """Whether anything that was asked for differs; where all was, the configs of two images count as well."""
        return len(self.diff) > 0 or self._config_differs

    @property
    def _config_differs(self) -> bool:
        return self.is_whole and self.images is not None and bool(self.images.config)

    @property
    def broken_layers(self) -> tuple[BrokenLayers, BrokenLayers]:
        """Of either side, the layers it rests on that could not be read whole, and why."""
        old, new = (
            {number: tally.error for number, tally in loaded.tallies.layers.items() if number <= side and tally.error}
            for loaded, side in zip((self.old, self.new), self.sides, strict=True)
        )
        return old, new

    @property
    def is_certain(self) -> bool:
        """Whether `differs` is known for sure: layers were read whole, and unreadable bytes are not all there is."""
        if any(self.broken_layers):
            return False
        guesses = sum(self.diff.aspects[row] == Aspect.CONTENT for row in self.diff.unread)
        return not guesses or len(self.diff) > guesses or self._config_differs
