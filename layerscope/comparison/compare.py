"""Two states compared: of one image, or of two. Each answer is computed once, when it is first asked for."""

from collections.abc import Mapping
from functools import cached_property, partial

from layerscope.analysis.comparison.config_difference import ConfigChange, config_differences
from layerscope.analysis.comparison.diff import Diff, find_differences
from layerscope.analysis.comparison.diff_tree import DiffTree, diff_tree
from layerscope.analysis.comparison.layer_alignment import AlignedStep, LayerAlignment, Relation, align
from layerscope.analysis.comparison.moves import Move, find_moves
from layerscope.analysis.comparison.package_difference import PackageChange, PackageVersion, package_differences
from layerscope.analysis.comparison.paired_trees import pair_trees
from layerscope.analysis.comparison.pairing import Pairing, pair_layers
from layerscope.analysis.comparison.rebuilt import holds_the_same, same_tables
from layerscope.analysis.packages.final_files import FinalFiles
from layerscope.analysis.packages.sizes import MANAGERS
from layerscope.analysis.size.live import live_files
from layerscope.analysis.tree.path_history import Revision, path_history
from layerscope.analysis.tree.tree_state import TreeState
from layerscope.comparison.compared_bytes import BytesOfBoth
from layerscope.session.content.prefixes import read_prefixes
from layerscope.session.image_facts import build_steps, config_facts
from layerscope.session.loaded_image import LoadedImage
from layerscope.session.lookup import layer_number


class Comparison:
    """What differs between two states; ``mtime`` tells whether times count."""

    def __init__(self, old: LoadedImage, new: LoadedImage, *, mtime: bool = False) -> None:
        self.old = old
        self.new = new
        self.mtime = mtime

    @cached_property
    def diff(self) -> Diff:
        """The paths that differ; reads the bytes of files that only these can tell apart."""
        return find_differences(self._pairing, self._bytes, mtime=self.mtime)

    @cached_property
    def moves(self) -> tuple[Move, ...]:
        """The files that stand at another path."""
        return find_moves(self.diff, self._bytes)

    @cached_property
    def tree(self) -> DiffTree:
        """Both sides in one tree, marked, with changes and sizes rolled up on directories."""
        return diff_tree(self.diff)

    @cached_property
    def _bytes(self) -> BytesOfBoth:
        return BytesOfBoth(self.old, self.new)

    @cached_property
    def _pairing(self) -> Pairing:
        raise NotImplementedError


class LayerComparison(Comparison):
    """Two layers of one image, in any order (0: nothing): what is there after them, or, ``own``, what they hold."""

    def __init__(self, opened: LoadedImage, before: int, after: int, *, own: bool = False, mtime: bool = False) -> None:
        super().__init__(opened, opened, mtime=mtime)
        self.before = before
        self.after = after
        self.own = own

    @cached_property
    def _pairing(self) -> Pairing:
        return pair_layers(self.old.tree, self.before, self.after, own=self.own)


class ImageComparison(Comparison):
    """Two images: their layers aligned, what is there in the end, their configs and their packages."""

    @cached_property
    def alignment(self) -> LayerAlignment:
        """The steps of both; no layer is read for it."""
        return align(build_steps(self.old.image), build_steps(self.new.image))

    @cached_property
    def shared(self) -> Mapping[int, int]:
        """The layers that are the same, left and right, wherever they stand: by their diff_ids, and as they were read.

        Of several that are the same, those of one number belong together, or else the lowest.
        """
        old, new = self.old, self.new
        numbers: dict[object, list[int]] = {}
        for layer in new.image.layers:
            if layer.diff_id is not None:
                numbers.setdefault(layer.diff_id, []).append(layer.number)
        found = {}
        for number, diff_id in ((layer.number, layer.diff_id) for layer in old.image.layers):
            others = numbers.get(diff_id, []) if diff_id else []
            other = number if number in others else min(others, default=0)
            if other and same_tables(old.tree, number, new.tree, other):
                found[number] = other
        return found

    @cached_property
    def rebuilt(self) -> Mapping[AlignedStep, bool | None]:
        """The changed layers, and whether each holds the same as before, all but times; None if that cannot be read."""
        old, new = self.old.tree, self.new.tree
        return {
            step: holds_the_same(old, step.old_layer, new, step.new_layer, self._bytes)
            for step in self.alignment.layers
            if step.relation is Relation.CHANGED and step.old_layer and step.new_layer
        }

    @cached_property
    def config(self) -> tuple[ConfigChange, ...]:
        """What differs between the configs."""
        return config_differences(config_facts(self.old.image.config), config_facts(self.new.image.config))

    @cached_property
    def packages(self) -> tuple[PackageChange, ...]:
        """The packages that came, went or changed; reads the package databases."""
        if not self.diff:
            return ()
        return package_differences(_packages(self.old), _packages(self.new))

    def at(self, old_layer: int, new_layer: int) -> Comparison:
        """Compare what is there after a layer of the left image and after one of the right (0: nothing)."""
        return _StateComparison(self, old_layer, new_layer)

    @cached_property
    def _bytes(self) -> BytesOfBoth:
        return BytesOfBoth(self.old, self.new, self.shared)

    @cached_property
    def _pairing(self) -> Pairing:
        return self.paired(len(self.old.image.layers), len(self.new.image.layers))

    def paired(self, old_layer: int, new_layer: int) -> Pairing:
        """Return the merged trees after those layers together."""
        base = 0
        while not self.mtime and self.shared.get(base + 1) == base + 1:
            base += 1
        return pair_trees(TreeState(self.old.tree, old_layer), TreeState(self.new.tree, new_layer), base)

    @property
    def compared_bytes(self) -> BytesOfBoth:
        """What compares the bytes of files of both images."""
        return self._bytes


class _StateComparison(Comparison):
    """Two images on their way: what is there after any layer of either."""

    def __init__(self, whole: ImageComparison, old_layer: int, new_layer: int) -> None:
        super().__init__(whole.old, whole.new, mtime=whole.mtime)
        self._whole = whole
        self._layers = old_layer, new_layer

    @cached_property
    def _bytes(self) -> BytesOfBoth:
        return self._whole.compared_bytes

    @cached_property
    def _pairing(self) -> Pairing:
        return self._whole.paired(*self._layers)


def _packages(opened: LoadedImage) -> list[PackageVersion]:
    image, tree = opened.image, opened.tree
    files = FinalFiles(tree, live_files(tree), partial(read_prefixes, image, tree))
    found = (package for manager in MANAGERS for package in manager.find(files))
    return [(package.manager, package.name, package.version) for package in found]


def compare_layers(
    loaded: LoadedImage, before: int, after: int, *, own: bool = False, mtime: bool = False
) -> LayerComparison:
    """Compare two layers of an image; raises UsageError where there is no such layer, 0 but for own entries."""
    for number in (before, after):
        if number or own:
            layer_number(loaded.image, number)
    return LayerComparison(loaded, before, after, own=own, mtime=mtime)


def compare_images(old: LoadedImage, new: LoadedImage, *, mtime: bool = False) -> ImageComparison:
    """Compare two images as they are after their last layers."""
    return ImageComparison(old, new, mtime=mtime)


def history_of(opened: LoadedImage, node: int) -> tuple[Revision, ...]:
    """Return every event of a path, base first."""
    events = path_history(opened.tree, node, BytesOfBoth(opened, opened))
    # the root is there before any layer
    return tuple(event for event in events if event.layer)
