"""The waiting of the tests of the TUI."""

from asyncio import sleep
from time import monotonic, process_time

import pytest
from textual import app, pilot
from textual.notifications import Notifications

_SAMPLE = 0.005
"""Seconds of a look at whether the application works."""

_IDLE = _SAMPLE / 20
"""Processor time of a look in which it does not."""

_LATE_LOOKS = 4
"""Looks without work in a row, if they took long: a process that gets no processor uses none either."""

_MOST_WORK = 1
"""Processor time after which an application that still works, at an animation, is taken for idle."""


async def _wait_for_idle(_least: float = 0, _most: float = 0) -> None:
    """Wait until the application waits for keys.

    Textual's own function takes a process that waits for a processor for an idle one, and looks every 20 ms, which was
    half of the time of a key.
    """
    begun, late = process_time(), 0
    while late < _LATE_LOOKS and process_time() - begun < _MOST_WORK:
        used, started = process_time(), monotonic()
        await sleep(_SAMPLE)
        is_idle = process_time() - used < _IDLE
        if is_idle and monotonic() - started < 2 * _SAMPLE:
            return
        late = late + 1 if is_idle else 0


@pytest.fixture(autouse=True, scope="package")
def _patient_waits() -> None:
    """Wait as `_wait_for_idle` does."""
    for module in (app, pilot):
        vars(module)["wait_for_idle"] = _wait_for_idle


@pytest.fixture(autouse=True, scope="package")
def _lasting_notices() -> None:
    """Keep what was said for longer than its seconds on the screen, which may pass before a busy machine looks."""
    Notifications._reap = lambda self: self  # type: ignore[method-assign]


@pytest.fixture
def unicode_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw with Unicode in any locale."""
    monkeypatch.setattr("locale.getpreferredencoding", lambda do_setlocale=True: "UTF-8")  # noqa: ARG005
