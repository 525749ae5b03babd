"""Two layers of one image to compare: one is marked, the cursor is on the other."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

from layerscope.analysis.tree.tally import Tallies
from layerscope.comparison.compare import Comparison, LayerComparison
from layerscope.model.image import Image, Step, known_sum
from layerscope.session.loaded_image import LoadedImage
from layerscope.session.reading.background import BackgroundLoader
from layerscope.text import printable_line
from layerscope.tui.comparison.keys import LAYERS_TABLE
from layerscope.tui.comparison.state import grown
from layerscope.tui.comparison.step_details import problem_fields
from layerscope.tui.drawing.cells import excerpt
from layerscope.tui.explorer.layer_lines import StepsOfLayers, layer_columns, read_layer_line
from layerscope.tui.explorer.layer_list import LayerLine, LayerList
from layerscope.tui.widgets.field_list import Field

_MOST_BETWEEN = 100
"""The most layers between the two whose instructions are listed."""


@dataclass(frozen=True, slots=True)
class ComparedLayers:
    """The numbers of two layers (0: the empty state before the first layer), and how they are compared.

    ``own`` compares only what each layer holds itself, ``mtime`` compares modification times as well.
    """

    before: int
    after: int
    own: bool = False
    mtime: bool = False


class TwoLayers:
    """The `ComparedStates` of two layers."""

    def __init__(self, image: Image, pair: ComparedLayers, tree: LoadedImage | BackgroundLoader) -> None:
        self.names = [printable_line(image.name)]
        self.readers = [tree] if isinstance(tree, BackgroundLoader) else []
        self.keys = LAYERS_TABLE
        self.step_list = LayerList()
        self._pair = pair
        self._image = image
        self._tree = None if isinstance(tree, BackgroundLoader) else tree
        self._steps = [image.step(layer.number) for layer in image.layers]

    @property
    def actions(self) -> Mapping[str, Callable[[], None]]:
        """Comparing what the layers hold themselves, or with another layer than before."""
        return {"own": self._toggle_own, "mark": self._mark, "previous": self._take_previous}

    def _toggle_own(self) -> None:
        if self._pair.before and self._pair.after:
            self._pair = replace(self._pair, own=not self._pair.own)

    def _mark(self) -> None:
        self._pair = replace(self._pair, before=self.step_list.cursor + 1)

    def _take_previous(self) -> None:
        self._pair = replace(self._pair, before=self.step_list.cursor, own=self._pair.own and self.step_list.cursor > 0)

    def take_trees(self, trees: Sequence[LoadedImage]) -> None:
        (self._tree,) = trees

    def show_steps(self) -> None:
        """Show the layers, with their sizes once they have been read."""
        # The list's own cursor is the current one: the message of its last move may not be handled yet.
        cursor = self.step_list.cursor if self.step_list.item_count() else max(0, self._pair.after - 1)
        tallies = self._tree.tallies if self._tree else Tallies()
        lines = StepsOfLayers(self._steps, self._line)
        self.step_list.show(lines, layer_columns(self._image, tallies), cursor)

    def _line(self, step: Step) -> LayerLine:
        number = step.layer or 0
        layer, marked = self._image.layers[number - 1], number == self._pair.before
        if self._tree is None:
            return LayerLine(step, layer, progress=0.0, marked=marked)
        return read_layer_line(step, layer, self._tree.tallies, marked=marked)

    def choose(self, item: int) -> None:
        self._pair = replace(self._pair, after=item + 1)

    def wanted(self) -> Hashable:
        """Return the pair, or None until the layers have been read."""
        return self._pair if self._tree is not None else None

    def comparison(self) -> Comparison:
        assert self._tree is not None  # noqa: S101  # without it no comparison is wanted
        pair = self._pair
        return LayerComparison(self._tree, pair.before, pair.after, own=pair.own, mtime=pair.mtime)

    def sides(self) -> tuple[str, str]:
        own = " alone" if self._pair.own else ""
        old, new = (f"layer {layer}{own}" if layer else "nothing" for layer in (self._pair.before, self._pair.after))
        return old, new

    def headlines(self) -> Sequence[str]:
        """Return the image, and the layers that are compared with the size of all layers up to them."""
        separator, arrow = (f" {glyph} " for glyph in (self.step_list.glyphs.separator, self.step_list.glyphs.arrow))
        if self._tree is None:
            return (separator.join([*self.names, arrow.join(self.sides())]),)
        old, new = (self._size(layer) for layer in (self._pair.before, self._pair.after))
        growth = grown(self.sides(), (old, new), arrow)
        return separator.join([*self.names, growth]), growth

    def _size(self, layer: int) -> int | None:
        """Return the content bytes of a layer, and, unless it is compared alone, of all layers before it."""
        tallies = self._tree.tallies.layers if self._tree else {}
        numbers = [layer] if self._pair.own else range(1, layer + 1)
        return known_sum(tallies[number].content_size for number in numbers)

    def facts(self) -> list[str]:
        """Return no facts beside those of every comparison."""
        return []

    def fields(self) -> Sequence[list[Field]]:
        """Return the two steps, and those between them."""
        before, after = self._pair.before, self._pair.after
        low, high = sorted((before, after))
        between = range(low + 1, high)
        steps = [(f"Layer {number}", self._title(number)) for number in between[:_MOST_BETWEEN]]
        if len(between) > _MOST_BETWEEN:
            steps.append(("Layers", f"and {len(between) - _MOST_BETWEEN:,} more between the two"))
        compared = "only what the two layers hold themselves" if self._pair.own else "the files after each layer"
        ends = [(f"{word} {layer}", self._title(layer)) for word, layer in (("From", before), ("To", after))]
        problems = problem_fields(self._tree.tallies) if self._tree else []
        return ([("Compared", compared), *problems, *ends, *([] if self._pair.own else steps)],)

    def _title(self, layer: int) -> str:
        return excerpt(self._steps[layer - 1].title) if layer else "nothing, before the first layer"

    def unfold(self) -> bool:
        """Return False: a layer has nothing to unfold."""
        return False

    fold = unfold

    def compute_details(self) -> bool:
        """Return False: the comparison of two layers has no more details."""
        return False
