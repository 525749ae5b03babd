"""The lines of a config's history, paired with the layers.

https://github.com/opencontainers/image-spec/blob/main/config.md#properties (``history``): the lines are in layer
order, and each line that is not marked as an empty layer created one.
"""

from collections.abc import Sequence

from layerscope.model.documents import HistoryEntry
from layerscope.model.image import Step
from layerscope.model.instruction import instruction_of
from layerscope.text import plural


def pair_history(history: Sequence[HistoryEntry], layers: int) -> tuple[tuple[Step, ...], str | None]:
    """Return the steps, base first, and a warning if the history and the layers do not match.

    They are paired from the base up. A surplus line created no layer; a surplus layer gets a step without text. An
    image without any history causes no warning.
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
        warning = f"the history describes {plural(made, 'layer')} and the manifest lists {layers:,}"
    return tuple(steps), warning


def _step(entry: HistoryEntry, layer: int | None) -> Step:
    return Step(instruction_of(entry.created_by), entry.created_by, entry.created, entry.author, entry.comment, layer)
