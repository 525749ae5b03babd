"""The steps and layers of two images that belong together: by diff_id, then by instruction, never by position."""

import re
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

_CONTENT_HASH = re.compile(r"\b(file|dir|multi):[0-9a-f]{12,64}\b")
"""The hash, or its start, by which the classic builder names what it copied: other content makes no other step."""

_MOST_CELLS = 1_000_000
"""The most pairs of steps that are compared for the best alignment; longer parts are aligned in one pass."""

_Pair = tuple[int, int]


class Relation(StrEnum):
    """The relation of two steps; ``CHANGED`` is the same instruction with a different result."""

    SAME = "same"
    CHANGED = "changed"
    ONLY_OLD = "only-old"
    ONLY_NEW = "only-new"


class BuildStep(NamedTuple):
    """A step of a build: its title, its instruction if it is known, and the layer that it made, if any.

    The ``writable`` layer of a container was made by no build.
    """

    title: str
    instruction: str | None
    layer: int | None = None
    diff_id: str | None = None
    writable: bool = False


class AlignedStep(NamedTuple):
    """A step of the old image, of the new one, or of both. A step without a layer has no number."""

    old: BuildStep | None
    new: BuildStep | None
    relation: Relation

    @property
    def old_layer(self) -> int | None:
        return self.old.layer if self.old else None

    @property
    def new_layer(self) -> int | None:
        return self.new.layer if self.new else None

    @property
    def writable(self) -> bool:
        """True for the layer that a container writes to."""
        return any(step.writable for step in (self.old, self.new) if step)

    @property
    def title(self) -> str:
        """The title of the new step, or of the old one if only that has an instruction."""
        steps = [step for step in (self.new, self.old) if step]
        titled = next((step for step in steps if step.instruction), steps[0])
        return titled.title


@dataclass(frozen=True)
class LayerAlignment:
    """All steps of both images, in build order; between two that belong together, the old image's come first."""

    steps: tuple[AlignedStep, ...]

    @cached_property
    def layers(self) -> tuple[AlignedStep, ...]:
        """The steps that made a layer in either image."""
        return tuple(step for step in self.steps if step.old_layer or step.new_layer)

    @cached_property
    def first_change(self) -> AlignedStep | None:
        """The first step of a build that is not the same in both: the build cache missed here."""
        return next((step for step in self.steps if step.relation is not Relation.SAME and not step.writable), None)


def align(old: Sequence[BuildStep], new: Sequence[BuildStep]) -> LayerAlignment:
    """Align the steps of two images."""
    anchors = common([step.diff_id for step in old], [step.diff_id for step in new])
    pairs, cells = list(anchors), _MOST_CELLS
    gaps = zip([(-1, -1), *anchors], [*anchors, (len(old), len(new))], strict=True)
    for (old_start, new_start), (old_end, new_end) in gaps:
        old_keys = [comparable_instruction(step) for step in old[old_start + 1 : old_end]]
        new_keys = [comparable_instruction(step) for step in new[new_start + 1 : new_end]]
        matches = common(old_keys, new_keys, cells)
        pairs += [(old_start + 1 + old_at, new_start + 1 + new_at) for old_at, new_at in matches]
        # All gaps share the number of pairs to compare: a thousand gaps must not cost a thousand times as much.
        cells = max(0, cells - len(old_keys) * len(new_keys))
    return LayerAlignment(tuple(_rows(old, new, sorted(pairs), frozenset(anchors))))


def comparable_instruction(step: BuildStep) -> str | None:
    """Return the instruction of a step without the hashes of what it copied."""
    return _CONTENT_HASH.sub("files", step.instruction) if step.instruction else None


def _rows(
    old: Sequence[BuildStep], new: Sequence[BuildStep], pairs: Sequence[_Pair], anchors: frozenset[_Pair]
) -> Iterator[AlignedStep]:
    old_start = new_start = 0
    for old_at, new_at in [*pairs, (len(old), len(new))]:
        yield from (AlignedStep(step, None, Relation.ONLY_OLD) for step in old[old_start:old_at])
        yield from (AlignedStep(None, step, Relation.ONLY_NEW) for step in new[new_start:new_at])
        if old_at < len(old):
            without_layers = old[old_at].layer is None and new[new_at].layer is None
            same = (old_at, new_at) in anchors or without_layers
            yield AlignedStep(old[old_at], new[new_at], Relation.SAME if same else Relation.CHANGED)
        old_start, new_start = old_at + 1, new_at + 1


def common(
    old: Sequence[Hashable | None], new: Sequence[Hashable | None], most_cells: int = _MOST_CELLS
) -> list[_Pair]:
    """Return the positions of a longest common subsequence, old and new, ascending; None equals nothing.

    If more than ``most_cells`` pairs would have to be compared, a single pass finds one that may be shorter.
    """
    first = 0
    while first < min(len(old), len(new)) and old[first] is not None and old[first] == new[first]:
        first += 1
    start = [(position, position) for position in range(first)]
    old_rest, new_rest = old[first:], new[first:]
    find = _longest if len(old_rest) * len(new_rest) <= most_cells else _in_order
    return start + [(first + old_at, first + new_at) for old_at, new_at in find(old_rest, new_rest)]


def _longest(old: Sequence[Hashable | None], new: Sequence[Hashable | None]) -> Iterator[_Pair]:
    lengths = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for old_at in range(len(old) - 1, -1, -1):
        for new_at in range(len(new) - 1, -1, -1):
            if old[old_at] is not None and old[old_at] == new[new_at]:
                lengths[old_at][new_at] = lengths[old_at + 1][new_at + 1] + 1
            else:
                lengths[old_at][new_at] = max(lengths[old_at + 1][new_at], lengths[old_at][new_at + 1])
    old_at = new_at = 0
    while old_at < len(old) and new_at < len(new):
        if old[old_at] is not None and old[old_at] == new[new_at]:
            yield old_at, new_at
            old_at, new_at = old_at + 1, new_at + 1
        elif lengths[old_at + 1][new_at] >= lengths[old_at][new_at + 1]:
            old_at += 1
        else:
            new_at += 1


def _in_order(old: Sequence[Hashable | None], new: Sequence[Hashable | None]) -> Iterator[_Pair]:
    """Yield the matches that a single pass finds, each behind the previous one."""
    positions: dict[Hashable, list[int]] = {}
    for position in range(len(new) - 1, -1, -1):
        if new[position] is not None:
            positions.setdefault(new[position], []).append(position)
    reached = -1
    for old_at, key in enumerate(old):
        waiting = positions.get(key, [])
        while waiting and waiting[-1] <= reached:
            waiting.pop()
        if waiting:
            reached = waiting.pop()
            yield old_at, reached
