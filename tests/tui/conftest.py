"""The waiting of the tests of the TUI."""

import pytest
from textual import _wait
from textual.notifications import Notifications


@pytest.fixture(autouse=True, scope="package")
def _short_waits() -> None:
    """Look every 5 ms whether the application is idle, not every 20: after each key, that was half of the time."""
    _wait.SLEEP_GRANULARITY = 1 / 200
    _wait.SLEEP_IDLE = _wait.SLEEP_GRANULARITY / 20


@pytest.fixture(autouse=True, scope="package")
def _lasting_notices() -> None:
    """Keep what was said for longer than its seconds on the screen, which may pass before a busy machine looks."""
    Notifications._reap = lambda self: self  # type: ignore[method-assign]
