"""The progress of a task that takes a while, as its caller shows it."""

from collections.abc import Callable

from msgspec import Struct


class ExportProgress(Struct, frozen=True):
    """The bytes of an engine's export that have come, of the size that the engine states, which is an estimate."""

    done: int
    total: int | None


Progress = Callable[[int, int | None], None]
"""Called with the bytes done and the total, where it is known; an exception from it ends the task."""


def no_progress(_done: int, _total: int | None) -> None:
    """Show nothing."""
