"""Two images compared: their steps aligned, and what is there after the steps where the cursor stands."""

from collections.abc import Hashable, Mapping, Sequence

from textual import on, work
from textual.message import Message

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
from layerscope.tui.comparison.fields import aligned_step_fields, config_fields, package_fields, problem_fields
from layerscope.tui.comparison.messages import ComparisonDone
from layerscope.tui.comparison.screen import DiffScreen
from layerscope.tui.comparison.state import DiffState
from layerscope.tui.drawing.glyphs import Glyphs
from layerscope.tui.explorer.step_details import Field


class ImageDiffScreen(DiffScreen):
    """The list has the steps of both images; the last row compares them as they are."""

    class Known(Message):
        """What takes longer is known: which layers were rebuilt with the same content, which packages differ."""

        def __init__(
            self,
            rebuilt: Mapping[AlignedStep, bool | None],
            packages: Sequence[PackageChange],
            error: str | None,
        ) -> None:
            super().__init__()
            self.rebuilt = rebuilt
            self.packages = packages
            self.error = error

    def __init__(
        self,
        images: tuple[Image, Image],
        readers: tuple[BackgroundLoader, BackgroundLoader],
        glyphs: Glyphs,
        *,
        mtime: bool = False,
    ) -> None:
        self._names = _short_names(images)
        super().__init__(DiffState(), f" {glyphs.arrow} ".join(self._names), readers, glyphs)
        self._images = images
        self._mtime = mtime
        self._alignment = align(*(build_steps(image) for image in images))
        self._item = max(0, len(self._alignment.steps) - 1)
        self._trees: tuple[LoadedImage, ...] = ()
        self._whole: ImageComparison | None = None
        self._known: ImageDiffScreen.Known | None = None

    def take_trees(self, trees: Sequence[LoadedImage]) -> None:
        """Take in the layers of both."""
        old, new = trees
        self._trees = (old, new)
        self._whole = ImageComparison(old, new, mtime=self._mtime)

    def make_list(self) -> AlignedList:
        """Return the list of the steps."""
        return AlignedList(self._glyphs)

    def show_steps(self) -> None:
        """Show the steps, with what is known of them by now."""
        self.query_exactly_one(AlignedList).show(self._lines(), self._item)

    def _lines(self) -> list[AlignedLine]:
        rebuilt = self._known.rebuilt if self._known else {}
        return aligned_lines(self._alignment, [tree.tallies for tree in self._trees], rebuilt)

    def choose(self, item: int) -> None:
        """Compare what is there after another step."""
        self._item = item

    def wanted(self) -> Hashable:
        """Return the layers that both have reached."""
        return layers_at(self._alignment, self._item) if self._whole is not None else None

    def comparison(self) -> Comparison:
        """Return the comparison of what is there after those layers."""
        assert self._whole is not None  # noqa: S101  # only then is one wanted
        return self._whole.at(*layers_at(self._alignment, self._item))

    def sides(self) -> tuple[str, str]:
        """Return the sides, with the layers if they are not the last ones."""
        reached = layers_at(self._alignment, self._item)
        if reached == tuple(len(image.layers) for image in self._images):
            return "left", "right"
        old, new = (
            f"{side} layer {layer}" if layer else f"nothing {side}"
            for side, layer in zip(("left", "right"), reached, strict=True)
        )
        return old, new

    def title_parts(self) -> list[str]:
        """Return how much the images share, and what differs in the end."""
        shared = sum(step.relation is Relation.SAME for step in self._alignment.layers)
        count = plural(len(self._alignment.layers), "layer")
        return [f"{shared} of {count} shared" if self._alignment.layers else "", *self._state.summary]

    def step_fields(self) -> list[Field]:
        """Return the chosen step, then what differs beside the files."""
        lines = self._lines()
        fields = aligned_step_fields(lines[self._item]) if lines else []
        for name, tree in zip(self._names, self._trees, strict=False):
            fields += problem_fields(tree.tallies, f"{name}, ")
        if self._whole is None:
            return fields
        if self._known is None:
            return [*fields, ("Cache", "comparing")]
        story = [("Cache", printable_line(sentence)) for sentence in cache_story(self._alignment, self._known.rebuilt)]
        fields += [*story, ("Problem", self._known.error or "")]
        config = config_fields(self._whole.config, self._glyphs)
        return [*fields, *config, *package_fields(self._known.packages, self._glyphs)]

    @on(ComparisonDone)
    def _on_compared(self) -> None:
        """Look into what takes longer, after the first comparison."""
        if self._known is None and self._whole is not None:
            self._look_deeper(self._whole)

    @work(thread=True, exclusive=True, exit_on_error=False, group="known")
    def _look_deeper(self, whole: ImageComparison) -> None:
        try:
            self.post_message(self.Known(whole.rebuilt, whole.packages, None))
        except LayerscopeError as error:
            self.post_message(self.Known({}, (), str(error)))

    @on(Known)
    def _on_known(self, message: Known) -> None:
        self._known = message
        self.show_steps()
        self.show_all()


def _short_names(images: tuple[Image, Image]) -> list[str]:
    """Return what to call the two: of paths, the last parts, if these tell them apart."""
    names = [printable_line(image.name) for image in images]
    last = [name.rstrip("/").rpartition("/")[2] for name in names]
    return last if last[0] != last[1] else names
