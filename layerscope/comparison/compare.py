"""Comparisons of two states of one image or of two images; each result is computed when it is first used."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import NamedTuple

from layerscope.analysis.comparison.config_and_packages import (
    ConfigChange,
    PackageChange,
    PackageVersion,
    config_differences,
    package_differences,
)
from layerscope.analysis.comparison.diff import Diff, find_differences
from layerscope.analysis.comparison.diff_tree import DiffTree, diff_tree
from layerscope.analysis.comparison.layer_alignment import AlignedStep, LayerAlignment, Relation, align
from layerscope.analysis.comparison.moves import Move, find_moves
from layerscope.analysis.comparison.paired_trees import pair_trees
from layerscope.analysis.comparison.pairing import Pairing, pair_layers
from layerscope.analysis.comparison.rebuilt import LayerContents, holds_the_same, same_tables
from layerscope.analysis.content import Digests
from layerscope.analysis.packages.by_layer import package_history
from layerscope.analysis.packages.final_files import FinalFiles
from layerscope.analysis.packages.sizes import MANAGERS, find_packages
from layerscope.analysis.size.live import live_files
from layerscope.analysis.tree.path_history import Revision, path_history
from layerscope.analysis.tree.tree_state import TreeState
from layerscope.model.image import known_sum
from layerscope.session.image_facts import build_steps, config_facts
from layerscope.session.loaded_image import LoadedImage, layer_number
from layerscope.text import human_size


class PullSize(NamedTuple):
    """The bytes that a pull takes: None if layers are missing, or not stored compressed here; ``most`` bounds it."""

    size: int | None
    most: int | None

    @property
    def words(self) -> str:
        is_bound = self.size is None and self.most is not None
        return f"at most {human_size(self.most)}" if is_bound else human_size(self.size)


_HEADER_SIZE = 1024
"""The most bytes of an entry's header and padding in a layer; they compress well."""


def pull_size(loaded: LoadedImage, known: Collection[str] = ()) -> PullSize:
    """Return what a machine pulls that has the layers with the ``known`` diff_ids."""
    layers = [layer for layer in loaded.image.layers if str(layer.diff_id) not in known]
    sizes, most = [layer.pull_size for layer in layers], list[int | None]()
    for layer in layers:
        tally = loaded.tallies.layers[layer.number]
        unpacked = None if tally.content_size is None else tally.content_size + _HEADER_SIZE * (tally.entries or 0)
        most.append(unpacked if layer.blob_size is None else layer.blob_size)
    return PullSize(known_sum(sizes), known_sum(most))


class ContentComparer:
    """A comparer of files of two images, or of one image with itself; ``shared`` maps layers that both have.

    All digests that a call needs are computed in one pass over each layer, and kept.
    """

    def __init__(self, old: LoadedImage, new: LoadedImage, shared: Callable[[], Mapping[int, int]] = dict) -> None:
        self._old = old
        self._new = new
        self._shared = shared
        self._is_one_image = old.contents is new.contents
        self._sparse_sizes = old.contents.sparse_sizes | new.contents.sparse_sizes

    def same(self, pairs: Sequence[tuple[int, int]]) -> list[bool | None]:
        """Return for each pair of files of equal size whether their bytes are equal; None if they cannot be read."""
        known = [self._is_same_file(*pair) for pair in pairs]
        unknown = [pair for pair, is_known in zip(pairs, known, strict=True) if not is_known]
        old_digests, new_digests = self.digests({old for old, _ in unknown}, {new for _, new in unknown})
        answers = _answers(unknown, old_digests, new_digests)
        return [True if is_known else next(answers) for is_known in known]

    def digests(self, old: Collection[int], new: Collection[int]) -> tuple[Digests, Digests]:
        """Return digests of files of the old image and of the new one, without those that cannot be read."""
        if self._is_one_image:
            both = self._old.contents.digests({*old, *new}, self._sparse_sizes)
            return both, both
        return self._old.contents.digests(old, self._sparse_sizes), self._new.contents.digests(new, self._sparse_sizes)

    def _is_same_file(self, old: int, new: int) -> bool:
        """Return whether both are the same file, or have the same position in a layer of both images."""
        if self._is_one_image:
            return old == new
        old_layer, *old_span = self._old.contents.position(old)
        new_layer, *new_span = self._new.contents.position(new)
        return self._shared().get(old_layer) == new_layer and old_span == new_span


def _answers(pairs: Sequence[tuple[int, int]], old_digests: Digests, new_digests: Digests) -> Iterator[bool | None]:
    for old, new in pairs:
        digest, new_digest = old_digests.get(old), new_digests.get(new)
        yield None if digest is None or new_digest is None else digest == new_digest


class Comparison:
    """The differences between two states; ``mtime``: whether a new modification time is a difference.

    ``pair`` matches the paths of both states, ``contents`` compares the bytes of files.
    """

    def __init__(
        self,
        old: LoadedImage,
        new: LoadedImage,
        pair: Callable[[], Pairing],
        contents: ContentComparer,
        *,
        mtime: bool = False,
    ) -> None:
        self.old = old
        self.new = new
        self.contents = contents
        self.mtime = mtime
        self._pair = pair

    @cached_property
    def diff(self) -> Diff:
        """The paths that differ; reads the bytes of files only if nothing else tells them apart."""
        return find_differences(self._pair(), self.contents, mtime=self.mtime)

    @cached_property
    def moves(self) -> tuple[Move, ...]:
        return find_moves(self.diff, self.contents)

    @cached_property
    def tree(self) -> DiffTree:
        """Both sides in one tree with marks; changes and sizes are summed up on directories."""
        return diff_tree(self.diff)


class LayerComparison(Comparison):
    """Two layers of one image in any order (0: none yet): the trees after them, or with ``own`` their entries."""

    def __init__(self, loaded: LoadedImage, before: int, after: int, *, own: bool = False, mtime: bool = False) -> None:
        pair = partial(pair_layers, loaded.tree, before, after, own=own)
        super().__init__(loaded, loaded, pair, ContentComparer(loaded, loaded), mtime=mtime)
        self.before = before
        self.after = after
        self.own = own


class ImageComparison(Comparison):
    """Two images: their layers aligned, their final trees, their configs and their packages."""

    def __init__(self, old: LoadedImage, new: LoadedImage, *, mtime: bool = False) -> None:
        pair = partial(self._paired, len(old.image.layers), len(new.image.layers))
        super().__init__(old, new, pair, ContentComparer(old, new, lambda: self.shared), mtime=mtime)

    @cached_property
    def shared(self) -> Mapping[int, int]:
        """The layers that both images have, old number to new."""
        return _shared_layers(self.old, self.new)

    @property
    def pull_size(self) -> int | None:
        """The bytes, compressed, of the layers that the new image has and the old one has not, if they are known."""
        return self.pulled.size

    @cached_property
    def pulled(self) -> PullSize:
        """The bytes that a machine with the old image pulls for the new one."""
        return pull_size(self.new, {str(layer.diff_id) for layer in self.old.image.layers if layer.diff_id})

    @cached_property
    def alignment(self) -> LayerAlignment:
        """The steps of both images, aligned; this reads no layer."""
        return align(build_steps(self.old.image), build_steps(self.new.image))

    @cached_property
    def rebuilt(self) -> Mapping[AlignedStep, bool | None]:
        """The changed layers, and whether each has the same content except for times; None if unreadable.

        Layers with one diff_id are among them, with False, where they were read and have different entries.
        """
        changed = [
            (step, step.old_layer, step.new_layer)
            for step in self.alignment.layers
            if step.relation is Relation.CHANGED and step.old_layer and step.new_layer
        ]
        old = LayerContents(self.old.tree, (layer for _, layer, _ in changed))
        new = LayerContents(self.new.tree, (layer for _, _, layer in changed))
        return dict.fromkeys(filter(self._has_wrong_digest, self.alignment.layers), False) | {
            step: holds_the_same(old, old_layer, new, new_layer, self.contents)
            for step, old_layer, new_layer in changed
        }

    def _has_wrong_digest(self, step: AlignedStep) -> bool:
        """Return whether two layers with one diff_id were read whole, from tar archives, and differ."""
        if step.relation is not Relation.SAME or not step.old_layer or not step.new_layer:
            return False
        sides = ((self.old, step.old_layer), (self.new, step.new_layer))
        for loaded, number in sides:
            tally, layer = loaded.tallies.layers.get(number), loaded.image.layers[number - 1]
            # the files of an unpacked layer have another order than its tar archive
            if number not in loaded.tree.tables or tally is None or tally.error or layer.unpacked:
                return False
        return not same_tables(self.old.tree, step.old_layer, self.new.tree, step.new_layer)

    @cached_property
    def config(self) -> tuple[ConfigChange, ...]:
        return config_differences(config_facts(self.old.image.config), config_facts(self.new.image.config))

    @cached_property
    def packages(self) -> tuple[PackageChange, ...]:
        """The packages that were added, removed or changed; reads the package databases."""
        if not self.diff:
            return ()
        changes = package_differences(_packages(self.old), _packages(self.new))
        if not any(change.after for change in changes):
            return changes
        events = package_history(self.new.tree, self.new.contents.prefixes).events
        layers = {(event.manager, event.name): event.layer for event in events}
        return tuple(
            change._replace(layer=layers.get((change.manager, change.name)) if change.after else None)
            for change in changes
        )

    def at(self, old_layer: int, new_layer: int) -> Comparison:
        """Compare the trees after a layer of the old image and after one of the new image (0: before the first)."""
        pair = partial(self._paired, old_layer, new_layer)
        return Comparison(self.old, self.new, pair, self.contents, mtime=self.mtime)

    def _paired(self, old_layer: int, new_layer: int) -> Pairing:
        """Return the merged trees after those layers, paired."""
        base = 0
        while not self.mtime and self.shared.get(base + 1) == base + 1:
            base += 1
        return pair_trees(TreeState(self.old.tree, old_layer), TreeState(self.new.tree, new_layer), base)


def _shared_layers(old: LoadedImage, new: LoadedImage) -> Mapping[int, int]:
    """Find the layers that both images have, by diff_id and by the entries that were read.

    A layer that is in the new image several times is matched with its own number there, or else the lowest one.
    """
    numbers: dict[object, dict[int, None]] = {}
    for layer in new.image.layers:
        if layer.diff_id is not None:
            numbers.setdefault(layer.diff_id, {})[layer.number] = None
    shared = {}
    for layer in old.image.layers:
        candidates = numbers.get(layer.diff_id, {})
        number = layer.number if layer.number in candidates else next(iter(candidates), 0)
        if number and same_tables(old.tree, layer.number, new.tree, number):
            shared[layer.number] = number
    return shared


def _packages(loaded: LoadedImage) -> list[PackageVersion]:
    tree = loaded.tree
    files = FinalFiles(tree, live_files(tree), loaded.contents.prefixes)
    packages = (package for manager in MANAGERS for package in find_packages(files, manager))
    return [(package.manager, package.name, package.version) for package in packages]


def compare_layers(
    loaded: LoadedImage, before: int, after: int, *, own: bool = False, mtime: bool = False
) -> LayerComparison:
    """Compare two layers of an image; raises UsageError for an unknown layer, or for 0 with ``own``."""
    for number in (before, after):
        if number or own:
            layer_number(loaded.image, number)
    return LayerComparison(loaded, before, after, own=own, mtime=mtime)


def compare_images(old: LoadedImage, new: LoadedImage, *, mtime: bool = False) -> ImageComparison:
    """Compare two images."""
    return ImageComparison(old, new, mtime=mtime)


def history_of(loaded: LoadedImage, node: int) -> tuple[Revision, ...]:
    """Return every event of a path, base first."""
    events = path_history(loaded.tree, node, ContentComparer(loaded, loaded))
    # The root exists before any layer, so its first event has no layer.
    return tuple(event for event in events if event.layer)
