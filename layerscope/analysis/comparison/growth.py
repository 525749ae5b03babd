"""The step that made an image larger or smaller than its release before."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from layerscope.analysis.comparison.layer_alignment import AlignedStep, BuildStep, align
from layerscope.model.instruction import keyword_of

_Pair = tuple[BuildStep | None, BuildStep | None]


class Growth(NamedTuple):
    """The bytes that an image has gained, and the ``step`` with most of them; None if the sizes are equal.

    The ``layer`` is that of the new image; None for a step that only the old one has.
    """

    size: int
    step: BuildStep | None = None
    layer: int | None = None


def growth(
    old: Sequence[BuildStep], old_sizes: Sequence[int], new: Sequence[BuildStep], new_sizes: Sequence[int]
) -> Growth:
    """Return the growth between two images, given their steps and the sizes of their layers, base first."""
    size = sum(new_sizes) - sum(old_sizes)
    sign = 1 if size > 0 else -1
    best, most = Growth(size), 0
    for old_step, new_step in _pairs(align(old, new).layers) if size else ():
        gained = sign * (_size(new_step, new_sizes) - _size(old_step, old_sizes))
        if gained > most:
            best, most = Growth(size, new_step or old_step, new_step and new_step.layer), gained
    return best


def _size(step: BuildStep | None, sizes: Sequence[int]) -> int:
    return sizes[step.layer - 1] if step is not None and step.layer else 0


def _pairs(steps: Sequence[AlignedStep]) -> Iterator[_Pair]:
    """Yield the steps that belong together: where an instruction was edited, those of one keyword, in their order."""
    olds, news = list[BuildStep](), list[BuildStep]()
    for step in steps:
        if step.old is not None and step.new is not None:
            yield from _edited(olds, news)
            yield step.old, step.new
            olds, news = [], []
        elif step.old is not None:
            olds.append(step.old)
        elif step.new is not None:
            news.append(step.new)
    yield from _edited(olds, news)


def _edited(olds: list[BuildStep], news: Sequence[BuildStep]) -> Iterator[_Pair]:
    for new in news:
        keyword = keyword_of(new.instruction)
        old = next((step for step in olds if keyword and keyword_of(step.instruction) == keyword), None)
        if old is not None:
            olds.remove(old)
        yield old, new
    yield from ((old, None) for old in olds)
