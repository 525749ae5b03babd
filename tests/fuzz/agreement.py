"""One answer in several ways: by one process or by several, and from the cache; all of them must agree."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType

from layerscope.cache import identity
from layerscope.session.content import content_reader
from layerscope.session.reading import known_layers, layer_parts, layer_reading
from layerscope.sources.tar import blocks
from tests.fuzz.case import Case
from tests.fuzz.commands import Outcome, run_command

_Settings = Sequence[tuple[ModuleType, str, float]]

_IN_PROCESSES: _Settings = (
    (layer_reading, "_TRIAL_SECONDS", -1),
    (layer_reading, "_LONG_SECONDS", -1),
    (layer_reading, "_MANY_COMPRESSED", 0),
    (layer_parts, "_LEAST_DIVIDED", 1),
    (layer_parts, "ROWS", 3),
    (content_reader, "_LONG_SECONDS", -1),
    (content_reader, "_ORDER_SECONDS", 0),
    (content_reader, "_FILES_OF_PART", 2),
)
"""Limits that make processes read even a small image, and parts of its plain layers."""

_AHEAD: _Settings = ((blocks, "_LEAST_AHEAD", 0),)
"""The limit that makes a thread decompress even a small layer."""

_CACHED: _Settings = ((known_layers, "_LEAST_STORED", 0), (identity, "_UNSETTLED_NANOSECONDS", 0))
"""Limits that make the cache keep even a small image that was made a moment ago."""


def disagreements_of_ways(case: Case) -> Iterator[str]:
    """Yield where one command that the dice choose gives another answer in another way."""
    words = _question(case)
    alone = run_command([*words, "--no-cache"])
    ways = [("in processes", _IN_PROCESSES, ["--no-cache"]), ("decompressed ahead", _AHEAD, ["--no-cache"])]
    ways += [("stored", _CACHED, []), ("from the cache", _CACHED, [])]
    for way, settings, options in ways:
        with _set(settings):
            outcome = run_command([*words, *options])
        if difference := _difference(alone, outcome):
            yield f"{' '.join(words)}, {way}: {difference}"


def _question(case: Case) -> list[str]:
    image, dice = str(case.image), case.dice
    return dice.choice(
        (
            ["layers", image, "--json"],
            ["tree", image, "--json"],
            ["tree", image, "--json", "--layer", str(_some_layer(dice, case))],
            ["why", image, "--json"],
            ["find", image, "--content", "e", "--binary", "--json"],
            ["find", image, "re:[aeiou]", "--json"],
            ["diff", image, "0", str(_some_layer(dice, case)), "--json"],
            ["diff", image, str(case.other), "--json"],
            ["diff", str(case.other), image, "--patch"],
        )
    )


def _some_layer(dice: random.Random, case: Case) -> int:
    return dice.randrange(1, max(1, len(case.layers)) + 1)


@contextmanager
def _set(settings: _Settings) -> Iterator[None]:
    kept = [getattr(module, name) for module, name, _ in settings]
    try:
        for module, name, value in settings:
            setattr(module, name, value)
        yield
    finally:
        for (module, name, _), value in zip(settings, kept, strict=True):
            setattr(module, name, value)


def _difference(one: Outcome, other: Outcome) -> str | None:
    if one.errors or other.errors:
        return "\n".join([*one.errors, *other.errors])
    if one.status != other.status:
        return f"status {other.status} in place of {one.status}: {other.err[:300]!r}, {one.err[:300]!r}"
    for name, old, new in (("message", one.err, other.err), ("output", one.out, other.out)):
        if old != new and not one.is_cut:
            at = next((at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
            start = max(0, at - 60)
            return f"another {name}: {new[start : at + 60]!r} in place of {old[start : at + 60]!r}"
    return None
