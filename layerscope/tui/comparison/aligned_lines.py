"""The lines of the list of steps of two images, built when they are drawn: an image may have 100,000 steps."""

from collections.abc import Mapping
from itertools import accumulate

from layerscope.analysis.comparison.cache_story import WRONG_DIGEST, layer_numbers
from layerscope.analysis.comparison.layer_alignment import AlignedStep, LayerAlignment, Relation
from layerscope.analysis.tree.tally import Tallies
from layerscope.tui.comparison.aligned_list import AlignedLine

_REBUILT = {True: "rebuilt, same content", False: "different content", None: "cannot be compared"}


class AlignedLines:
    """The lines of all steps. ``rebuilt`` tells of changed layers whether they have the same content as before."""

    def __init__(self, alignment: LayerAlignment) -> None:
        self._steps = alignment.steps
        self._first_change = alignment.first_change
        self._old_layers = list(accumulate((step.old_layer or 0 for step in alignment.steps), max))
        self._new_layers = list(accumulate((step.new_layer or 0 for step in alignment.steps), max))
        self._tallies = (Tallies(), Tallies())
        self._rebuilt: Mapping[AlignedStep, bool | None] = {}
        steps = enumerate(self._steps)
        self.miss = next((item for item, step in steps if step is self._first_change and self.is_layer(item)), None)
        self.digits = len(str(max([1, *self._old_layers[-1:], *self._new_layers[-1:]])))

    def take_tallies(self, old: Tallies, new: Tallies) -> None:
        """Take the figures of the layers, once they have been read."""
        self._tallies = (old, new)

    def take_rebuilt(self, rebuilt: Mapping[AlignedStep, bool | None]) -> None:
        """Take the comparisons of changed layers."""
        self._rebuilt = rebuilt

    def __len__(self) -> int:
        return len(self._steps)

    def __getitem__(self, item: int) -> AlignedLine:
        step, (old, new) = self._steps[item], self._tallies
        old_size, new_size = _content_size(old, step.old_layer), _content_size(new, step.new_layer)
        return AlignedLine(step, self._word(step), self._cause(step), old_size, new_size)

    def is_layer(self, item: int) -> bool:
        """Return whether the step made a layer in either image."""
        return bool(self._steps[item].old_layer or self._steps[item].new_layer)

    def layers_at(self, item: int) -> tuple[int, int]:
        """Return the last layer of either image up to a step; 0 before its first layer."""
        return (self._old_layers[item], self._new_layers[item]) if self._steps else (0, 0)

    @property
    def shared_words(self) -> str:
        """The layers that both images share; an empty text if they have no layers at all."""
        layers = [step for step in self._steps if step.old_layer or step.new_layer]
        shared = [
            step.new_layer or 0 for step in layers if step.relation is Relation.SAME and step not in self._rebuilt
        ]
        if not layers:
            return ""
        return f"{layer_numbers(shared)} shared" if shared else "no layer shared"

    def _word(self, step: AlignedStep) -> str:
        if step.relation is Relation.SAME:
            shared = WRONG_DIGEST if step in self._rebuilt else "same"
            return shared if step.new_layer else ""
        if step.relation is Relation.CHANGED:
            word = _REBUILT[self._rebuilt[step]] if step in self._rebuilt else ""
        else:
            word = "only in old" if step.relation is Relation.ONLY_OLD else "only in new"
        return "cache misses from here" if step is self._first_change else word

    def _cause(self, step: AlignedStep) -> str:
        """Return why the build cache missed, if it did so at this step."""
        if step is not self._first_change:
            return ""
        if step.relation is not Relation.CHANGED:
            return "another instruction"
        if self._rebuilt.get(step):
            return _REBUILT[True]
        return f"content of {next(iter(step.title.split()), 'the layer')} changed"


def _content_size(tallies: Tallies, layer: int | None) -> int | None:
    tally = tallies.layers.get(layer) if layer else None
    return tally.content_size if tally else None
