"""The lines of the layer list, from the state of the explorer."""

from layerscope.model.image import Layer, Step
from layerscope.session.reading.stack import Tallies
from layerscope.tui.explorer.layer_list import LayerLine
from layerscope.tui.explorer.state import ExplorerState


def layer_lines(state: ExplorerState) -> list[LayerLine]:
    """Return a line for each step of the list."""
    return [_line(state, step) for step in state.steps]


def _line(state: ExplorerState, step: Step) -> LayerLine:
    layer = state.layer_of(step)
    if layer is None:
        return LayerLine(step)
    tally, marked = state.tallies.layers.get(layer.number), layer.number == state.marked
    if tally is None:
        done = 1.0 if layer.number in state.reading.finished else 0.0
        if not done and layer.blob_size:
            done = state.reading.done.get(layer.number, 0) / layer.blob_size
        return LayerLine(step, layer, progress=done, error=layer.problem, marked=marked)
    return read_layer_line(step, layer, state.tallies, marked=marked)


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
        marked=marked,
    )


def reading_share(state: ExplorerState) -> float:
    """Return the share of the stored bytes that has been read."""
    sizes = {layer.number: layer.blob_size or 0 for layer in state.image.layers}
    done = sum(
        size if number in state.reading.finished else min(size, state.reading.done.get(number, 0))
        for number, size in sizes.items()
    )
    return done / max(1, sum(sizes.values()))
