"""The waiting of the tests of the TUI."""

import pytest
from textual import _wait


@pytest.fixture(autouse=True, scope="package")
def _short_waits() -> None:
    """Look every 5 ms whether the application is idle, not every 20: after each key, that was half of the time."""
    _wait.SLEEP_GRANULARITY = 1 / 200
    _wait.SLEEP_IDLE = _wait.SLEEP_GRANULARITY / 20
