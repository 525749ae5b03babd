"""Pairs the lines of a config's history with the layers.

https://github.com/opencontainers/image-spec/blob/main/config.md#properties (``history``): the lines stand in the order
of the layers, and each that is not marked as an empty layer made one.
"""

from collections.abc import Sequence

from layerscope.model.documents import HistoryEntry
from layerscope.model.image import Step
from layerscope.model.instruction import instruction_of
from layerscope.text import plural


def pair_history(history: Sequence[HistoryEntry], layers: int) -> tuple[tuple[Step, ...], str | None]:
    """Return the steps, base first, and a sentence where history and layers do not fit.

    They are paired from the base up. Lines that are left over made no layer; layers that are left over get a step that
    says nothing. An image without any history is none to complain about.
    """
    steps: list[Step] = []
    made = 0
    for entry in history:
        if not entry.empty_layer:
            made += 1
        steps.append(_step(entry, None if entry.empty_layer or made > layers else made))
    steps += [Step(None, layer=number) for number in range(made + 1, layers + 1)]
    warning = None
    if history and made != layers:
        warning = f"the history tells of {plural(made, 'layer')} and the manifest lists {layers:,}"
    return tuple(steps), warning


def _step(entry: HistoryEntry, layer: int | None) -> Step:
    return Step(instruction_of(entry.created_by), entry.created_by, entry.created, entry.author, entry.comment, layer)
