"""Two layers of one image compared: one of them stays, the other is where the cursor stands."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from textual.binding import Binding, BindingType

from layerscope.comparison.compare import Comparison, LayerComparison
from layerscope.model.image import Image, Step
from layerscope.session.loaded_image import LoadedImage
from layerscope.session.reading.loader import BackgroundLoader
from layerscope.text import printable_line
from layerscope.tui.comparison.fields import problem_fields
from layerscope.tui.comparison.screen import DiffScreen
from layerscope.tui.comparison.state import DiffState
from layerscope.tui.drawing.glyphs import Glyphs
from layerscope.tui.explorer.layer_lines import read_layer_line
from layerscope.tui.explorer.layer_list import LayerLine, LayerList
from layerscope.tui.explorer.step_details import Field
from layerscope.tui.tree.screen import LineKey


@dataclass(frozen=True, slots=True)
class ComparedLayers:
    """What is compared: two layers (0: nothing), by their merged trees or by what they hold themselves."""

    before: int
    after: int
    own: bool = False
    mtime: bool = False


class LayerDiffScreen(DiffScreen):
    """The list has the layers; the one that stays is marked."""

    KEYS_IN_LINE: ClassVar[tuple[LineKey, ...]] = (
        *DiffScreen.KEYS_IN_LINE[:6],
        ("own", "a", "a", "own"),
        *DiffScreen.KEYS_IN_LINE[6:],
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "own", "own", tooltip="Compare the merged trees, or what the two layers hold", id="diff.own"),
        Binding("d", "mark", "mark", tooltip="Compare with this layer from now on", id="diff.mark"),
    ]

    def __init__(
        self, image: Image, pair: ComparedLayers, tree: LoadedImage | BackgroundLoader, glyphs: Glyphs
    ) -> None:
        readers = [tree] if isinstance(tree, BackgroundLoader) else []
        super().__init__(DiffState(), printable_line(image.name), readers, glyphs)
        self._pair = pair
        self._image = image
        self._tree = None if isinstance(tree, BackgroundLoader) else tree
        self._steps = _layer_steps(image)

    def take_trees(self, trees: Sequence[LoadedImage]) -> None:
        """Take in the layers."""
        (self._tree,) = trees

    def make_list(self) -> LayerList:
        """Return the list of layers, which starts where the pair has its second one."""
        return LayerList(self._glyphs)

    def show_steps(self) -> None:
        """Show the layers, with their sizes once they are read."""
        layer_list = self.query_exactly_one(LayerList)
        cursor = layer_list.cursor if layer_list.item_count() else max(0, self._pair.after - 1)
        layer_list.show([self._line(step) for step in self._steps], cursor)

    def _line(self, step: Step) -> LayerLine:
        number = step.layer or 0
        layer, marked = self._image.layers[number - 1], number == self._pair.before
        if self._tree is None:
            return LayerLine(step, layer, progress=0.0, marked=marked)
        return read_layer_line(step, layer, self._tree.tallies, marked=marked)

    def choose(self, item: int) -> None:
        """Compare with the layer of a row."""
        self._pair = replace(self._pair, after=item + 1)

    def wanted(self) -> Hashable:
        """Return the pair."""
        return self._pair if self._tree is not None else None

    def comparison(self) -> Comparison:
        """Return the comparison of the pair."""
        assert self._tree is not None  # noqa: S101  # only then is one wanted
        pair = self._pair
        return LayerComparison(self._tree, pair.before, pair.after, own=pair.own, mtime=pair.mtime)

    def sides(self) -> tuple[str, str]:
        """Return the names of the layers."""
        own = " alone" if self._pair.own else ""
        pair = (self._pair.before, self._pair.after)
        before, after = (f"layer {layer}{own}" if layer else "nothing" for layer in pair)
        return before, after

    def title_parts(self) -> list[str]:
        """Return which layers are compared, and what differs."""
        return [" to ".join(self.sides()), *(self._state.summary if self._shown == self._pair else ())]

    def step_fields(self) -> list[Field]:
        """Return the two steps, and those between them."""
        before, after = self._pair.before, self._pair.after
        low, high = sorted((before, after))
        between = [(f"Layer {number}", self._title(number)) for number in range(low + 1, high)]
        compared = "what the two layers hold themselves" if self._pair.own else "what is there after either layer"
        ends = [(f"{word} {layer}", self._title(layer)) for word, layer in (("From", before), ("To", after))]
        problems = problem_fields(self._tree.tallies) if self._tree else []
        return [("Compared", compared), *problems, *ends, *([] if self._pair.own else between)]

    def _title(self, layer: int) -> str:
        return printable_line(self._steps[layer - 1].title) if layer else "nothing, before the first layer"

    def action_own(self) -> None:
        """Compare the merged trees, or the layers' own entries."""
        if self._pair.before and self._pair.after:
            self._pair = replace(self._pair, own=not self._pair.own)
            self.show_all()
            self.compare()

    def action_mark(self) -> None:
        """Let the layer under the cursor be the one that stays."""
        self._pair = replace(self._pair, before=self.step_list.cursor + 1)
        self.show_steps()
        self.show_all()
        self.compare()


def _layer_steps(image: Image) -> list[Step]:
    """Return the step of each layer, by number from 1 on."""
    return [image.step(layer.number) for layer in image.layers]
