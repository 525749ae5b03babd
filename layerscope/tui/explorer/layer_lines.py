"""The lines of the layer list, built when they are drawn: an image may have 100,000 steps."""

from collections.abc import Callable, Sequence

from layerscope.analysis.tree.tally import Tallies
from layerscope.model.image import Image, Layer, Step
from layerscope.tui.explorer.layer_list import LayerColumns, LayerLine, count_texts, dead_text
from layerscope.tui.explorer.state import ExplorerState


class LayerLines:
    """The `StepLines` of an image in the explorer."""

    def __init__(self, state: ExplorerState) -> None:
        self._state = state

    def __len__(self) -> int:
        return self._state.step_count

    def __getitem__(self, item: int) -> LayerLine:
        step = self._state.step_at(item)
        layer = self._state.layer_of(step)
        return LayerLine(step) if layer is None else _line(self._state, step, layer)

    def layer_at(self, item: int) -> int | None:
        """Return the number of the layer that a step made, if it made one."""
        return self._state.step_at(item).layer


class StepsOfLayers:
    """The `StepLines` of steps that all made a layer."""

    def __init__(self, steps: Sequence[Step], line: Callable[[Step], LayerLine]) -> None:
        self._steps = steps
        self._line = line

    def __len__(self) -> int:
        return len(self._steps)

    def __getitem__(self, item: int) -> LayerLine:
        return self._line(self._steps[item])

    def layer_at(self, item: int) -> int | None:
        """Return the number of the layer that the step made."""
        return self._steps[item].layer


def _line(state: ExplorerState, step: Step, layer: Layer) -> LayerLine:
    marked = layer.number == state.marked
    if layer.number in state.tallies.layers:
        return read_layer_line(step, layer, state.tallies, marked=marked)
    share, problem = state.reading.share_of(layer.number), layer.problem
    if state.reading.failure is not None:
        problem = problem or "not read"
    return LayerLine(step, layer, progress=share, error=problem, marked=marked)


def read_layer_line(step: Step, layer: Layer, tallies: Tallies, *, marked: bool) -> LayerLine:
    """Return the line of a layer that has been read, as all layers before it."""
    tally = tallies.layers[layer.number]
    return LayerLine(
        step,
        layer,
        tally.content_size,
        tallies.dead_in(layer.number),
        tally.added,
        tally.modified,
        tally.removed,
        error=tally.error,
        incomplete=tally.rests_on_incomplete,
        has_warnings=bool(tally.warnings),
        marked=marked,
    )


def layer_columns(image: Image, tallies: Tallies) -> LayerColumns:
    """Return the columns that fit all layers of an image, as far as they have been read."""
    sizes = [layer.blob_size or 0 for layer in image.layers if layer.number not in tallies.layers]
    sizes += [tally.content_size or 0 for tally in tallies.layers.values()]
    counts = zip(*((tally.added, tally.modified, tally.removed) for tally in tallies.layers.values()), strict=True)
    widest = [max(count or 0 for count in column) for column in counts]
    return LayerColumns(
        largest=max([1, *sizes]),
        digits=len(str(len(image.layers))),
        counts=tuple(map(len, count_texts(*widest))) if widest else (0, 0, 0),
        dead=max((len(dead_text(dead)) for dead in (tallies.dead or {}).values()), default=0),
    )
