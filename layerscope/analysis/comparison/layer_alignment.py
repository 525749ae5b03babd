"""Which steps and layers of two images belong together: by diff_id, then by instruction, never by position."""

import re
from collections.abc import Hashable, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

_CONTENT_HASH = re.compile(r"\b(file|dir|multi):[0-9a-f]{64}\b")
"""The classic builder names what it copied by a hash; other content is no other instruction."""

_MOST_CELLS = 1_000_000
"""Where two histories are longer than this together, they are aligned without looking for the best way."""

_Pair = tuple[int, int]


class Relation(StrEnum):
    """How two steps stand to each other; ``CHANGED`` is the same instruction with another outcome."""

    SAME = "same"
    CHANGED = "changed"
    ONLY_OLD = "only-left"
    ONLY_NEW = "only-right"


class BuildStep(NamedTuple):
    """A step of a build: what to call it, its instruction if that is known, and the layer that it made, if it did."""

    title: str
    instruction: str | None
    layer: int | None = None
    diff_id: str | None = None


class AlignedStep(NamedTuple):
    """A step of the left image, of the right one, or of both. Steps that made no layer have no numbers."""

    old: BuildStep | None
    new: BuildStep | None
    relation: Relation

    @property
    def old_layer(self) -> int | None:
        """The layer that the left step made."""
        return self.old.layer if self.old else None

    @property
    def new_layer(self) -> int | None:
        """The layer that the right step made."""
        return self.new.layer if self.new else None

    @property
    def title(self) -> str:
        """The instruction, of the right image if it has the step and tells it."""
        steps = [step for step in (self.new, self.old) if step]
        told = next((step for step in steps if step.instruction), steps[0])
        return told.title


class LayerAlignment(NamedTuple):
    """All steps of both images, in build order; between two that belong together, those of the left come first."""

    steps: tuple[AlignedStep, ...]

    @property
    def layers(self) -> tuple[AlignedStep, ...]:
        """The steps that made a layer in either image."""
        return tuple(step for step in self.steps if step.old_layer or step.new_layer)

    @property
    def first_change(self) -> AlignedStep | None:
        """The first step that is not the same in both: from here on, the build cache did not serve."""
        return next((step for step in self.steps if step.relation is not Relation.SAME), None)


def align(steps: Sequence[BuildStep], others: Sequence[BuildStep]) -> LayerAlignment:
    """Align the steps of two images."""
    anchors = common([step.diff_id for step in steps], [step.diff_id for step in others])
    pairs = list(anchors)
    gaps = zip([(-1, -1), *anchors], [*anchors, (len(steps), len(others))], strict=True)
    for (start, other_start), (end, other_end) in gaps:
        keys = [_instruction(step) for step in steps[start + 1 : end]]
        other_keys = [_instruction(step) for step in others[other_start + 1 : other_end]]
        pairs += [(start + 1 + one, other_start + 1 + other) for one, other in common(keys, other_keys)]
    return LayerAlignment(tuple(_rows(steps, others, sorted(pairs), frozenset(anchors))))


def _instruction(step: BuildStep) -> str | None:
    return _CONTENT_HASH.sub(r"\1", step.instruction) if step.instruction else None


def _rows(
    steps: Sequence[BuildStep], others: Sequence[BuildStep], pairs: Sequence[_Pair], anchors: frozenset[_Pair]
) -> Iterator[AlignedStep]:
    at = other_at = 0
    for one, other in [*pairs, (len(steps), len(others))]:
        yield from (AlignedStep(step, None, Relation.ONLY_OLD) for step in steps[at:one])
        yield from (AlignedStep(None, step, Relation.ONLY_NEW) for step in others[other_at:other])
        if one < len(steps):
            without_layers = steps[one].layer is None and others[other].layer is None
            same = (one, other) in anchors or without_layers
            yield AlignedStep(steps[one], others[other], Relation.SAME if same else Relation.CHANGED)
        at, other_at = one + 1, other + 1


def common(old: Sequence[Hashable | None], new: Sequence[Hashable | None]) -> list[_Pair]:
    """Return the places of a longest common subsequence, left and right, ascending; None is like nothing."""
    first = 0
    while first < min(len(old), len(new)) and old[first] is not None and old[first] == new[first]:
        first += 1
    start = [(place, place) for place in range(first)]
    rest, other_rest = old[first:], new[first:]
    find = _longest if len(rest) * len(other_rest) <= _MOST_CELLS else _in_order
    return start + [(first + one, first + other) for one, other in find(rest, other_rest)]


def _longest(old: Sequence[Hashable | None], new: Sequence[Hashable | None]) -> Iterator[_Pair]:
    lengths = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for one in range(len(old) - 1, -1, -1):
        for other in range(len(new) - 1, -1, -1):
            if old[one] is not None and old[one] == new[other]:
                lengths[one][other] = lengths[one + 1][other + 1] + 1
            else:
                lengths[one][other] = max(lengths[one + 1][other], lengths[one][other + 1])
    one = other = 0
    while one < len(old) and other < len(new):
        if old[one] is not None and old[one] == new[other]:
            yield one, other
            one, other = one + 1, other + 1
        elif lengths[one + 1][other] >= lengths[one][other + 1]:
            one += 1
        else:
            other += 1


def _in_order(old: Sequence[Hashable | None], new: Sequence[Hashable | None]) -> Iterator[_Pair]:
    """Yield what a single walk finds, each match behind the one before it."""
    places: dict[Hashable, list[int]] = {}
    for place in range(len(new) - 1, -1, -1):
        if new[place] is not None:
            places.setdefault(new[place], []).append(place)
    reached = -1
    for one, key in enumerate(old):
        found = places.get(key, [])
        while found and found[-1] <= reached:
            found.pop()
        if found:
            reached = found.pop()
            yield one, reached
