"""Sentences that several rules share."""

from collections.abc import Iterable, Sequence

from layerscope.analysis.advice.advice import Evidence
from layerscope.text import path_text, plural, short_name

COPYING = ("COPY", "ADD")

_MOST_NAMED = 20
"""Layers that a sentence names: an image may have 65,535."""


def fix(evidence: Evidence, layer: int, for_run: str) -> str:
    """Return how to keep files out of a layer; ``for_run`` is the answer if a RUN wrote them."""
    keyword = evidence.keyword(layer)
    if keyword == "RUN":
        return for_run
    if keyword in COPYING:
        return "Leave them out of what is copied: with a .dockerignore, or by copying only what is needed."
    return "Keep them out of this layer where it is made, or choose a base image without them."


def named_layers(layers: Iterable[int]) -> str:
    """Return layers in a sentence: ``layer 2``, ``layers 2, 5 and 7``; of many, the first and how many others."""
    numbers = sorted(set(layers))
    named = list(map(str, numbers[:_MOST_NAMED]))
    if len(numbers) > _MOST_NAMED:
        named.append(plural(len(numbers) - _MOST_NAMED, "other"))
    *others, last = named
    return f"layers {', '.join(others)} and {last}" if others else f"layer {last}"


def named_paths(paths: Sequence[bytes], count: int) -> str:
    """Return the first of some paths, safe for a screen, and how many others there are."""
    others = f" and {plural(count - 1, 'other')}" if count > 1 else ""
    return f"{short_name(path_text(paths[0]))}{others}"


def layers_do(layers: Iterable[int], verb: str) -> str:
    """Return layers with a verb: ``Layer 2 deletes``, ``Layers 2, 5 and 7 delete``."""
    numbers = set(layers)
    return f"{named_layers(numbers).capitalize()} {verb if len(numbers) > 1 else f'{verb}s'}"
