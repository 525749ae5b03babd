"""The layers that the last build of an image took from the build cache, as far as that is known."""

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import NamedTuple

from layerscope.model.build_report import BuildReport, CacheMiss
from layerscope.model.image import Image

FIXED_TIMES = "SOURCE_DATE_EPOCH"
"""The build argument that gives all steps one time: https://reproducible-builds.org/docs/source-date-epoch/."""

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,6})?\d*(Z|[+-]\d\d:\d\d)")


class CacheState(NamedTuple):
    """The layers that came from the cache (True) and those that were made (False); others are not known.

    ``miss`` is the first one that was made, with the reason, if that was reported.
    """

    cached: Mapping[int, bool] = MappingProxyType({})
    miss: CacheMiss | None = None


def cache_state(image: Image, base: Collection[int], report: BuildReport | None) -> CacheState:
    """Return what the ``report`` says of the build, or else the provenance, which states when it started.

    ``base`` are the layers of the base image, which no step of the build made.
    """
    if report is not None:
        # a build of a Dockerfile that was not on this machine did not know the base
        steps = [step for step in report.steps if not step.is_base and step.layer not in base]
        cached = {step.layer: step.is_cached for step in steps if step.is_cached is not None}
        return CacheState(cached, report.miss)
    provenance = image.attestations.provenance
    started = _time(provenance.started) if provenance and FIXED_TIMES not in provenance.build_arguments else None
    if started is None:
        return CacheState()
    own = {
        step.layer: was_made_before(step.created, started) for step in image.steps if step.layer not in {None, *base}
    }
    return CacheState({layer: cached for layer, cached in own.items() if layer is not None and cached is not None})


def was_made_before(created: str | None, started: datetime) -> bool | None:
    """Return whether a step was made before the build started, which a cached one was; None if that is unknown."""
    time = _time(created)
    return None if time is None else time < started


def _time(text: str | None) -> datetime | None:
    """Return a time of RFC 3339; what is beyond microseconds is dropped."""
    match = _TIME.match(text or "")
    if match is None:
        return None
    try:
        return datetime.fromisoformat(f"{match[1]}{match[2] or ''}{match[3]}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def cache_word(*, cached: bool) -> str:
    """Return the state of a layer as builders call it."""
    return "hit" if cached else "miss"
