"""Two images to compare, at the last steps or at any other step of their aligned steps."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import NamedTuple

from layerscope.analysis.comparison.cache_story import cache_story
from layerscope.analysis.comparison.config_and_packages import PackageChange
from layerscope.analysis.comparison.layer_alignment import AlignedStep, align
from layerscope.comparison.compare import Comparison, ImageComparison
from layerscope.comparison.digests import layer_causes
from layerscope.errors import LayerscopeError, ReadingStopped
from layerscope.model.image import Image
from layerscope.session.image_facts import build_steps
from layerscope.session.loaded_image import LoadedImage
from layerscope.session.reading.background import BackgroundLoader
from layerscope.text import printable_line
from layerscope.tui.comparison.aligned_list import AlignedLines, AlignedList
from layerscope.tui.comparison.keys import IMAGES_TABLE
from layerscope.tui.comparison.state import grown
from layerscope.tui.comparison.step_details import (
    aligned_step_fields,
    cause_lines,
    config_fields,
    package_fields,
    problem_fields,
)
from layerscope.tui.widgets.field_list import Field

_LONGEST_TITLE = 4096
"""Characters of an instruction in the sentences on the build cache where there is room for it."""


class _Details(NamedTuple):
    """The rebuilt layers with the same content and the packages that differ, or the reason why they are unknown."""

    rebuilt: Mapping[AlignedStep, bool | None]
    packages: Sequence[PackageChange]
    error: str = ""


class TwoImages:
    """The `ComparedStates` of two images. The list has the steps of both; the last one compares the whole images."""

    def __init__(
        self,
        images: tuple[Image, Image],
        trees: Sequence[LoadedImage | BackgroundLoader],
        *,
        mtime: bool = False,
    ) -> None:
        self.names = _short_names(images)
        self._sides = trees
        self.readers = [tree for tree in trees if isinstance(tree, BackgroundLoader)]
        self.keys = IMAGES_TABLE
        self.step_list = AlignedList()
        self._images = images
        self._mtime = mtime
        self._alignment = align(*(build_steps(image) for image in images))
        self._lines = AlignedLines(self._alignment)
        self._item = max(0, len(self._lines) - 1)
        self._trees: tuple[LoadedImage, ...] = ()
        self._whole: ImageComparison | None = None
        self._details: _Details | None = None
        self._problems: list[Field] = []
        self._details_fields: Sequence[list[Field]] = ()
        self._causes: dict[int, Sequence[str]] = {}
        """The causes of other digests of rebuilt layers with the same content, in lines, by item, if asked for."""

    @property
    def actions(self) -> Mapping[str, Callable[[], None]]:
        """No actions beside those of every comparison."""
        return {}

    def take_trees(self, trees: Sequence[LoadedImage]) -> None:
        read = iter(trees)
        old, new = (next(read) if isinstance(side, BackgroundLoader) else side for side in self._sides)
        self._trees = (old, new)
        self._whole = ImageComparison(old, new, mtime=self._mtime)
        self._lines.take_tallies(old.tallies, new.tallies)
        for name, tree in zip(self.names, self._trees, strict=True):
            self._problems += problem_fields(tree.tallies, f"{name}, ")

    def show_steps(self) -> None:
        """Show the steps, with the details that are known."""
        # The list's own cursor is the current one: the message of its last move may not be handled yet.
        cursor = self.step_list.cursor if self.step_list.item_count() else self._item
        for item in self.step_list.unfolded:
            self._show_causes(item)
        self.step_list.show(self._lines, cursor)

    def choose(self, item: int) -> None:
        """Compare the images as they are after another step."""
        self._item = item

    def wanted(self) -> Hashable:
        """Return the layers reached in either image, or None until all layers have been read."""
        return self._lines.layers_at(self._item) if self._whole is not None else None

    def comparison(self) -> Comparison:
        """Return the comparison of the images after those layers."""
        assert self._whole is not None  # noqa: S101  # without it no comparison is wanted
        return self._whole.at(*self._lines.layers_at(self._item))

    def sides(self) -> tuple[str, str]:
        """Return the names of the images, with the layers if they are not the last ones."""
        old, new = self.names if self.names[0] != self.names[1] else ("old", "new")
        reached = self._lines.layers_at(self._item)
        if reached == tuple(len(image.layers) for image in self._images):
            return old, new
        old_layer, new_layer = reached
        return _state_name(old, old_layer), _state_name(new, new_layer)

    def headlines(self) -> Sequence[str]:
        """Return the names of both images with their sizes, and the difference; then shorter names."""
        arrow = f" {self.step_list.glyphs.arrow} "
        if self._whole is None:
            return (arrow.join(self.names),)
        sizes = self._whole.old.tallies.content_size, self._whole.new.tallies.content_size
        ends = [_last_part(name) for name in self.names]
        return [grown(names, sizes, arrow) for names in (self.names, ends, ("old", "new"))]

    def facts(self) -> list[str]:
        """Return the shared layers, and whether the configs differ."""
        return [self._lines.shared_words, "config changed" if self._whole is not None and self._whole.config else ""]

    def fields(self) -> Sequence[list[Field]]:
        """Return the chosen step and the differences beside the files, then with shorter instructions."""
        step = aligned_step_fields(self._lines[self._item]) if self._lines else []
        return [[*step, *self._problems, *differences] for differences in self._differences()]

    def _differences(self) -> Sequence[list[Field]]:
        if self._whole is None:
            return ([],)
        if self._details is None:
            return ([("Cache", "comparing")],)
        if not self._details_fields:
            self._details_fields = self._fields_of(self._details, self._whole)
        return self._details_fields

    def unfold(self) -> bool:
        """Unfold a step that was rebuilt with the same content to the causes; return False for any other."""
        if not self._lines or not self._lines[self._item].has_causes or self._item in self.step_list.unfolded:
            return False
        self._show_causes(self._item)
        return True

    def fold(self) -> bool:
        """Fold the step; return False if it is not unfolded."""
        return self.step_list.unfolded.pop(self._item, None) is not None

    def _show_causes(self, item: int) -> None:
        self.step_list.unfolded[item] = self._causes.get(item, ["comparing the bytes"])

    def compute_details(self) -> bool:
        """Find the layers that were rebuilt with the same content, and the packages that differ, or why digests differ.

        Called in a thread.
        """
        if self._whole is None:
            return False
        if self._details is not None:
            return self._find_causes(self._whole)
        try:
            details = _Details(self._whole.rebuilt, self._whole.packages)
        except LayerscopeError as error:
            details = _Details({}, (), printable_line(str(error)))
        self._lines.take_rebuilt(details.rebuilt)
        self._details = details
        return True

    def _find_causes(self, whole: ImageComparison) -> bool:
        """Find the causes of the steps that have been unfolded."""
        missing = self.step_list.unfolded.keys() - self._causes.keys()
        for item in missing:
            step = self._lines[item].step
            try:
                causes = layer_causes(whole.old, whole.new, (step.old_layer, step.new_layer))
            except ReadingStopped:
                # the screen is closed, or asks again
                return False
            self._causes[item] = cause_lines(causes)
        return bool(missing)

    def _fields_of(self, details: _Details, whole: ImageComparison) -> Sequence[list[Field]]:
        glyphs = self.step_list.glyphs
        stories = (
            cache_story(self._alignment, details.rebuilt, _LONGEST_TITLE),
            cache_story(self._alignment, details.rebuilt),
        )
        others = [
            ("Problem", details.error),
            *config_fields(whole.config, glyphs),
            *package_fields(details.packages, glyphs),
        ]
        return [[("Cache", printable_line(" ".join(story))), *others] for story in stories]


def _short_names(images: tuple[Image, Image]) -> tuple[str, str]:
    """Return the names of the images, without their folders if the rest tells them apart."""
    old, new = (printable_line(image.name) for image in images)
    old_file, new_file = map(_last_part, (old, new))
    return (old_file, new_file) if old_file != new_file else (old, new)


def _last_part(name: str) -> str:
    return name.rstrip("/").rpartition("/")[2]


def _state_name(image: str, layer: int) -> str:
    return f"{image} layer {layer}" if layer else f"nothing of {image}"
