"""The one table of what ends a run, and with which exit status."""

from enum import IntEnum

from layerscope.errors import LayerscopeError


class ExitStatus(IntEnum):
    """What a run ends with."""

    FINE = 0
    FOUND = 1
    """A check failed, or ``--exit-code`` found differences."""
    FAILED = 2
    """Wrong usage, or an image that cannot be read."""
    INTERRUPTED = 130
    """Ctrl+C."""


_TABLE: tuple[tuple[type[BaseException], ExitStatus], ...] = (
    (BrokenPipeError, ExitStatus.FINE),  # whoever read the output has had enough
    (KeyboardInterrupt, ExitStatus.INTERRUPTED),
    (LayerscopeError, ExitStatus.FAILED),
    (OSError, ExitStatus.FAILED),
    (Exception, ExitStatus.FAILED),  # a usage error of Typer's, or a mistake in layerscope
)


def exit_status(error: BaseException) -> ExitStatus:
    """Return the status that a run ends with after the error: that of the first line which it fits."""
    return next((status for kind, status in _TABLE if isinstance(error, kind)), ExitStatus.FAILED)
