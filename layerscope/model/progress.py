"""The progress of a task that takes a while, as its caller shows it."""

from collections.abc import Callable

from msgspec import Struct

from layerscope.model.entries import LayerEntries


class ExportProgress(Struct, frozen=True):
    """The bytes of an engine's export that have come, of the size that the engine states, which is an estimate."""

    done: int
    total: int | None


class ReadSoFar(Struct, frozen=True):
    """The stored bytes of a layer that have been read, and all entries up to there, if they are known yet."""

    done: int
    entries: LayerEntries | None = None


Progress = Callable[[int, int | None], None]
"""Called with the bytes done and the total, where it is known; an exception from it ends the task."""


def no_progress(_done: int, _total: int | None) -> None:
    """Show nothing."""
