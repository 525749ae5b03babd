"""The lines of the list of steps of two images."""

from collections.abc import Mapping, Sequence

from layerscope.analysis.comparison.layer_alignment import AlignedStep, LayerAlignment, Relation
from layerscope.session.reading.stack import Tallies
from layerscope.tui.comparison.aligned_list import AlignedLine

_REBUILT = {True: "rebuilt, same content", False: "different content", None: "cannot be compared"}


def aligned_lines(
    alignment: LayerAlignment, tallies: Sequence[Tallies], rebuilt: Mapping[AlignedStep, bool | None]
) -> list[AlignedLine]:
    """Return a line for each step; ``tallies`` are those of the old and the new image, or empty until they are read."""
    old, new = tallies or (Tallies(), Tallies())
    return [
        AlignedLine(
            step,
            _word(step, alignment, rebuilt),
            _content_size(old, step.old_layer),
            _content_size(new, step.new_layer),
        )
        for step in alignment.steps
    ]


def _content_size(tallies: Tallies, layer: int | None) -> int | None:
    tally = tallies.layers.get(layer) if layer else None
    return tally.content_size if tally else None


def _word(step: AlignedStep, alignment: LayerAlignment, rebuilt: Mapping[AlignedStep, bool | None]) -> str:
    if step.relation is Relation.SAME:
        return "same" if step.new_layer else ""
    words = ["changed first"] if step is alignment.first_change else []
    if step.relation is Relation.CHANGED:
        words += [_REBUILT[rebuilt[step]]] if step in rebuilt else []
    else:
        words.append("only in old" if step.relation is Relation.ONLY_OLD else "only in new")
    return ", ".join(words)


def layers_at(alignment: LayerAlignment, item: int) -> tuple[int, int]:
    """Return the last layer of either image up to a step; 0 before its first layer."""
    reached = alignment.steps[: item + 1]
    return (
        max((step.old_layer or 0 for step in reached), default=0),
        max((step.new_layer or 0 for step in reached), default=0),
    )
