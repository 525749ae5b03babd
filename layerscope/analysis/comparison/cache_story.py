"""A description of the step at which the build cache missed between two builds, and of what was rebuilt after it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby, takewhile

from layerscope.analysis.comparison.layer_alignment import AlignedStep, LayerAlignment, Relation
from layerscope.text import plural, shortened

_LONGEST_TITLE = 60
_MOST_NAMED = 6

WRONG_DIGEST = "wrong digest"
"""The words for layers that were read and differ, though both images state one digest for them."""


def cache_story(
    alignment: LayerAlignment, rebuilt: Mapping[AlignedStep, bool | None], longest_title: int = _LONGEST_TITLE
) -> tuple[str, ...]:
    """Return sentences: which layers are shared, which step changed first, what was rebuilt and with which content.

    ``rebuilt`` says for changed layers whether they hold the same as before; None if that is unknown. Shared layers are
    in it only if they hold something else under one diff_id. Titles are the
    image's own words, cut if they are longer than ``longest_title``, and must be escaped before they are printed.
    """
    return (*_sentences(alignment, rebuilt, partial(_short, longest_title)), *_wrong_digests(rebuilt))


def _wrong_digests(rebuilt: Mapping[AlignedStep, bool | None]) -> Iterator[str]:
    wrong = [step.new_layer or 0 for step in rebuilt if step.relation is Relation.SAME]
    if wrong:
        which, has = layer_numbers(wrong), "has" if len(wrong) == 1 else "have"
        yield (
            f"{which[:1].upper()}{which[1:]} {has} the same diff_id in both images, but different entries: "
            "one image does not match its digests."
        )


def _sentences(
    alignment: LayerAlignment, rebuilt: Mapping[AlignedStep, bool | None], short: Callable[[str], str]
) -> Iterator[str]:
    first = alignment.first_change
    before = list(takewhile(lambda step: step is not first, alignment.steps))
    rest = alignment.steps[len(before) :]
    yield _shared([step for step in before if _is_shared(step, rebuilt)], len(alignment.layers))
    if first is None:
        yield "Both images were built by the same steps."
        return
    yield _stop(first, rest, rebuilt, short)
    again = [step for step in rest[1:] if _is_shared(step, rebuilt)]
    yield from _later(again, "shared again", short)
    others = [step for step in rest[1:] if step in rebuilt and step.relation is Relation.CHANGED]
    for same, words in _OUTCOMES.items():
        yield from _later([step for step in others if rebuilt[step] is same], f"rebuilt {words}", short)


def _is_shared(step: AlignedStep, rebuilt: Mapping[AlignedStep, bool | None]) -> bool:
    return bool(step.new_layer) and step.relation is Relation.SAME and step not in rebuilt


_OUTCOMES = {True: "with the same content", False: "with different content", None: "and cannot be compared"}


def _shared(steps: Sequence[AlignedStep], count: int) -> str:
    if not steps:
        return "No layer is shared."
    if len(steps) == count:
        return "The only layer is shared." if count == 1 else f"All {count} layers are shared."
    numbers = layer_numbers([step.new_layer or 0 for step in steps])
    return f"{numbers[:1].upper()}{numbers[1:]} {'is' if len(steps) == 1 else 'are'} shared."


def _stop(
    first: AlignedStep,
    rest: Sequence[AlignedStep],
    rebuilt: Mapping[AlignedStep, bool | None],
    short: Callable[[str], str],
) -> str:
    """Return the sentence on the first step that changed."""
    lead = "The build cache missed at"
    if first.relation is Relation.CHANGED:
        outcome = f", {_OUTCOMES[rebuilt[first]]}" if first in rebuilt else ""
        return f"{lead} {_step(first)}{short(first.title)} changed first{outcome}."
    gap = list(takewhile(lambda step: step.relation in (Relation.ONLY_OLD, Relation.ONLY_NEW), rest))
    old = next((step for step in gap if step.relation is Relation.ONLY_OLD), None)
    new = next((step for step in gap if step.relation is Relation.ONLY_NEW), None)
    if old and new and old.title == new.title:
        return f"{lead} {_step(new)}{short(new.title)} became a different step."
    if old and new:
        return f"{lead} {_step(new)}{_ended(f'{short(old.title)} became {short(new.title)}')}"
    side = "old" if old else "new"
    return f"{lead} {_step(first)}{short(first.title)} is a step of the {side} image only."


def _step(step: AlignedStep) -> str:
    number = step.new_layer or step.old_layer
    return f"layer {number}: " if number else "a step without a layer: "


def _later(steps: Sequence[AlignedStep], words: str, short: Callable[[str], str]) -> Iterator[str]:
    """Yield the sentence on some steps after the first change."""
    if not steps:
        return
    numbers = [step.new_layer or 0 for step in steps]
    if len(steps) == 1:
        yield f"After it, layer {numbers[0]}, {short(steps[0].title)}, was {words}."
    elif len(numbers) > _MOST_NAMED:
        yield f"After it, {plural(len(numbers), 'layer')} were {words}."
    else:
        yield f"After it, {layer_numbers(numbers)} were {words}."


def layer_numbers(numbers: Sequence[int]) -> str:
    """Return the layers in words: ``layer 1``, ``layers 1 to 3``, ``layers 1, 3 and 5``."""
    runs = [[number for _, number in run] for _, run in groupby(enumerate(numbers), lambda item: item[1] - item[0])]
    words = [str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs]
    noun = "layer" if len(numbers) == 1 else "layers"
    return f"{noun} {', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else f"{noun} {words[0]}"


def _short(longest: int, title: str) -> str:
    return shortened(" ".join(title.split()), longest)


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith("…") else f"{sentence}."
