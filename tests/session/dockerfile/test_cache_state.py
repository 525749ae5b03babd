"""The layers that came from the build cache: by a report, by provenance, or unknown."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from msgspec.structs import replace

from layerscope.model.build_report import BuildReport, CacheMiss, MissCause, ReportedStep
from layerscope.model.documents import ImageConfig
from layerscope.model.image import Image, Layer, Step
from layerscope.model.provenance import Attestations, Provenance
from layerscope.session.dockerfile.cache_state import CacheState, cache_state, was_made_before

TIMES = ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00.123456789Z", "2026-03-01T00:00:00Z", None)
IMAGE = Image(
    "app:1",
    "docker archive",
    ImageConfig(),
    tuple(Layer(number, None, None) for number in range(1, 5)),
    (*(Step("RUN x", created=time, layer=number) for number, time in enumerate(TIMES, 1)), Step("CMD x")),
)


def stated(provenance: Provenance) -> CacheState:
    return cache_state(replace(IMAGE, read_attestations=lambda: Attestations(provenance)), [1], None)


def test_a_step_that_is_older_than_the_build_came_from_the_cache() -> None:
    assert stated(Provenance(started="2026-02-15T00:00:00+01:00")).cached == {2: True, 3: False}


@pytest.mark.parametrize(
    "provenance",
    [
        Provenance(),
        Provenance(started="yesterday"),
        Provenance(started=TIMES[2], build_arguments={"SOURCE_DATE_EPOCH": "0"}),
    ],
)
def test_without_times_that_can_be_compared_nothing_is_known(provenance: Provenance) -> None:
    assert stated(provenance) == CacheState()


def test_a_report_on_the_build_comes_first() -> None:
    steps = [
        ReportedStep("ADD", 1, 1, is_base=True, is_cached=True),
        ReportedStep("RUN a", 2, 2, is_base=False, is_cached=False),
        ReportedStep("RUN b", 3, 3, is_base=False, is_cached=None),
        ReportedStep("RUN c", 4, None, is_base=None, is_cached=True),
        ReportedStep("RUN d", 5, None, is_base=None, is_cached=True),
    ]
    miss = CacheMiss(steps[1], MissCause.NO_CACHE, "the build ran with --no-cache")
    report = BuildReport("docker", 0, steps=tuple(steps), miss=miss)
    assert cache_state(IMAGE, [1, 4], report) == CacheState({2: False, 5: True}, miss)


@pytest.mark.parametrize(
    ("created", "before"),
    [
        ("2026-01-01T12:00:00Z", True),
        ("2026-01-01T12:00:00.000000999Z", True),
        ("2026-01-01T12:00:02Z", False),
        ("2026-01-01T14:30:00.5+02:00", False),
        ("2026-13-01T12:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("", None),
        (None, None),
    ],
)
def test_times_are_compared_whatever_their_zone(created: str | None, before: bool | None) -> None:
    started = datetime(2026, 1, 1, 14, 0, 1, tzinfo=timezone(timedelta(hours=2)))
    assert was_made_before(created, started.astimezone(UTC)) is before
