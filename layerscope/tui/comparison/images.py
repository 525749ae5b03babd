"""Two images to compare, at the last steps or at any other step of their aligned steps."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import NamedTuple

from layerscope.analysis.comparison.cache_story import cache_story
from layerscope.analysis.comparison.layer_alignment import AlignedStep, Relation, align
from layerscope.analysis.comparison.package_difference import PackageChange
from layerscope.comparison.compare import Comparison, ImageComparison
from layerscope.errors import LayerscopeError
from layerscope.model.image import Image
from layerscope.session.image_facts import build_steps
from layerscope.session.loaded_image import LoadedImage
from layerscope.session.reading.loader import BackgroundLoader
from layerscope.text import plural, printable_line
from layerscope.tui.comparison.aligned_lines import aligned_lines, layers_at
from layerscope.tui.comparison.aligned_list import AlignedLine, AlignedList
from layerscope.tui.comparison.keys import IMAGES_TABLE
from layerscope.tui.comparison.step_details import aligned_step_fields, config_fields, package_fields, problem_fields
from layerscope.tui.widgets.field_list import Field


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
        readers: tuple[BackgroundLoader, BackgroundLoader],
        *,
        mtime: bool = False,
    ) -> None:
        self.names = _short_names(images)
        self.readers = readers
        self.keys = IMAGES_TABLE
        self.step_list = AlignedList()
        self._images = images
        self._mtime = mtime
        self._alignment = align(*(build_steps(image) for image in images))
        self._item = max(0, len(self._alignment.steps) - 1)
        self._trees: tuple[LoadedImage, ...] = ()
        self._whole: ImageComparison | None = None
        self._details: _Details | None = None

    @property
    def actions(self) -> Mapping[str, Callable[[], None]]:
        """No actions beside those of every comparison."""
        return {}

    def take_trees(self, trees: Sequence[LoadedImage]) -> None:
        """Take the trees of both images."""
        old, new = trees
        self._trees = (old, new)
        self._whole = ImageComparison(old, new, mtime=self._mtime)

    def show_steps(self) -> None:
        """Show the steps, with the details that are known."""
        # The list's own cursor is the current one: the message of its last move may not be handled yet.
        cursor = self.step_list.cursor if self.step_list.item_count() else self._item
        self.step_list.show(self._lines(), cursor)

    def _lines(self) -> list[AlignedLine]:
        rebuilt = self._details.rebuilt if self._details else {}
        return aligned_lines(self._alignment, [tree.tallies for tree in self._trees], rebuilt)

    def choose(self, item: int) -> None:
        """Compare the images as they are after another step."""
        self._item = item

    def wanted(self) -> Hashable:
        """Return the layers reached in either image, or None until all layers have been read."""
        return layers_at(self._alignment, self._item) if self._whole is not None else None

    def comparison(self) -> Comparison:
        """Return the comparison of the images after those layers."""
        assert self._whole is not None  # noqa: S101  # without it no comparison is wanted
        return self._whole.at(*layers_at(self._alignment, self._item))

    def sides(self) -> tuple[str, str]:
        """Return the names of the images, with the layers if they are not the last ones."""
        old, new = self.names if self.names[0] != self.names[1] else ("old", "new")
        reached = layers_at(self._alignment, self._item)
        if reached == tuple(len(image.layers) for image in self._images):
            return old, new
        old_layer, new_layer = reached
        return _state_name(old, old_layer), _state_name(new, new_layer)

    def title(self) -> str:
        """Return the number of shared layers."""
        if not self._alignment.layers:
            return ""
        shared = sum(step.relation is Relation.SAME for step in self._alignment.layers)
        return f"{shared} of {plural(len(self._alignment.layers), 'layer')} shared"

    def fields(self) -> list[Field]:
        """Return the chosen step, then the differences beside the files."""
        lines = self._lines()
        fields = aligned_step_fields(lines[self._item]) if lines else []
        for name, tree in zip(self.names, self._trees, strict=False):
            fields += problem_fields(tree.tallies, f"{name}, ")
        if self._whole is None:
            return fields
        if self._details is None:
            return [*fields, ("Cache", "comparing")]
        glyphs, sentences = self.step_list.glyphs, cache_story(self._alignment, self._details.rebuilt)
        return [
            *fields,
            *(("Cache", printable_line(sentence)) for sentence in sentences),
            ("Problem", self._details.error),
            *config_fields(self._whole.config, glyphs),
            *package_fields(self._details.packages, glyphs),
        ]

    def compute_details(self) -> bool:
        """Find the layers that were rebuilt with the same content, and the packages that differ. Called in a thread."""
        if self._details is not None or self._whole is None:
            return False
        try:
            self._details = _Details(self._whole.rebuilt, self._whole.packages)
        except LayerscopeError as error:
            self._details = _Details({}, (), printable_line(str(error)))
        return True


def _short_names(images: tuple[Image, Image]) -> tuple[str, str]:
    """Return the names of the images, without their folders if the rest tells them apart."""
    old, new = (printable_line(image.name) for image in images)
    old_file, new_file = (name.rstrip("/").rpartition("/")[2] for name in (old, new))
    return (old_file, new_file) if old_file != new_file else (old, new)


def _state_name(image: str, layer: int) -> str:
    return f"{image} layer {layer}" if layer else f"nothing of {image}"
