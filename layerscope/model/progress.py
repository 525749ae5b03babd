"""The progress of a task that takes a while, as its caller shows it."""

from collections.abc import Callable

Progress = Callable[[int, int | None], None]
"""Called with the bytes done and the total, where it is known; an exception from it ends the task."""


def no_progress(_done: int, _total: int | None) -> None:
    """Show nothing."""
