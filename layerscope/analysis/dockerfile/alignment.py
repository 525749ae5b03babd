"""The lines of a Dockerfile and the steps of an image that belong together. Nothing is guessed."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from layerscope.analysis.dockerfile.history_forms import WRITERS, ExpectedStep, HistoryLine, recorded_form
from layerscope.analysis.dockerfile.stages import SCRATCH, Stage
from layerscope.model.instruction import COPYING

_MAKE_LAYERS = WRITERS | {"WORKDIR"}
_MOST_COMPARED = 500_000
"""Pairs of an instruction and a step that are compared where the end of both does not match."""


@dataclass(frozen=True)
class Alignment:
    """The layers of each line that was placed; ``matched`` of ``expected`` instructions are in the history.

    The layers of the base image are at the line of its FROM.
    """

    layers: Mapping[int, tuple[int, ...]]
    matched: int
    expected: int


def align_steps(expected: Sequence[ExpectedStep], steps: Sequence[HistoryLine], chain: Sequence[Stage]) -> Alignment:
    """Align the instructions of a chain of stages with the steps of an image.

    Both are compared from their ends, where the image's own steps are. Where they differ, only instructions and steps
    that occur once, in the same order, are placed.
    """
    forms = [recorded_form(step.created_by) for step in steps]
    pairs = _matching_end(expected, forms)
    rest = len(expected) if not pairs else min(pairs)
    if any(not step.may_be_missing for step in expected[:rest]):
        pairs |= _unique(expected[:rest], forms[: min(pairs.values(), default=len(forms))])
    squashed = _squashed(expected, steps, pairs)
    layers: dict[int, tuple[int, ...]] = {
        expected[at].instruction.line: (step.layer,) if (step := steps[pairs[at]]).layer else ()
        for at in sorted(pairs)
        if at not in squashed
    }
    base = _base_layers(expected, steps, pairs, chain)
    if base is not None:
        layers[chain[0].instructions[0].line] = base
    missing = sum(step.may_be_missing for at, step in enumerate(expected) if at not in pairs)
    return Alignment(layers, len(pairs), len(expected) - missing)


def _matching_end(expected: Sequence[ExpectedStep], forms: Sequence[str]) -> dict[int, int]:
    """Return the positions of steps by those of instructions, as far as both match from the end."""
    pairs = {}
    position = len(forms) - 1
    for at in range(len(expected) - 1, -1, -1):
        if position >= 0 and expected[at].fits(forms[position]):
            pairs[at] = position
            position -= 1
        elif not expected[at].may_be_missing:
            break
    return pairs


def _unique(expected: Sequence[ExpectedStep], forms: Sequence[str]) -> dict[int, int]:
    """Return those pairs in which the instruction fits only one step, and the step only one instruction."""
    if len(expected) * len(forms) > _MOST_COMPARED:
        return {}
    fitting = {
        at: [position for position, form in enumerate(forms) if step.fits(form)] for at, step in enumerate(expected)
    }
    taken = Counter(position for positions in fitting.values() for position in positions)
    pairs = [
        (at, positions[0]) for at, positions in fitting.items() if len(positions) == 1 and taken[positions[0]] == 1
    ]
    return dict(_without_crossings(pairs))


def _without_crossings(pairs: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the pairs that no other one crosses; they are in the order of the instructions."""
    positions = [position for _, position in pairs]
    highest_before = [-1, *accumulate(positions, max)]
    lowest_after = [*[*accumulate(reversed(positions), min)][::-1][1:], max(positions, default=0) + 1]
    for pair, highest, lowest in zip(pairs, highest_before, lowest_after, strict=False):
        if highest < pair[1] < lowest:
            yield pair


def _squashed(expected: Sequence[ExpectedStep], steps: Sequence[HistoryLine], pairs: Mapping[int, int]) -> set[int]:
    """Return the instructions of stages whose only layer is at their last step, though others wrote files.

    Buildah commits a stage as one layer by default: no line made it alone. A command that wrote nothing makes no layer
    with the classic builder either, which records no name of the base.
    """
    is_buildah = any((step.comment or "").startswith("FROM ") for step in steps)
    writing = WRITERS if is_buildah else COPYING
    by_stage: dict[int, list[int]] = {}
    for at in sorted(pairs):
        by_stage.setdefault(expected[at].stage.number, []).append(at)
    squashed: set[int] = set()
    for own in by_stage.values():
        made = [at for at in own if steps[pairs[at]].layer]
        writers = [at for at in own if expected[at].instruction.keyword in writing]
        wrote_nothing = expected[own[-1]].instruction.keyword not in _MAKE_LAYERS
        if made == own[-1:] and (wrote_nothing or any(at not in made for at in writers)):
            squashed.update(own)
    return squashed


def _base_layers(
    expected: Sequence[ExpectedStep], steps: Sequence[HistoryLine], pairs: Mapping[int, int], chain: Sequence[Stage]
) -> tuple[int, ...] | None:
    """Return the layers of the base image, or None where its end is unknown.

    It ends before the first own step, if that one was placed.
    """
    own = [at for at, step in enumerate(expected) if at in pairs or not step.may_be_missing]
    if own and own[0] not in pairs:
        return None
    end = pairs[own[0]] if own else len(steps)
    layers = tuple(step.layer for step in steps[:end] if step.layer)
    return None if layers and chain[0].base == SCRATCH else layers
