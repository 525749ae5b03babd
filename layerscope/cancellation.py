"""Cancellation of long work, such as a pass over the content of all layers.

The work calls `check_cancelled` once for each chunk that it reads. The condition belongs to the process, so that it
reaches the lowest reads without a parameter in every function between; it is evaluated in the thread that works.
"""

from collections.abc import Callable


class Cancelled(Exception):
    """Work has ended early because its result is no longer needed."""


def _never() -> bool:
    return False


_condition: Callable[[], bool] = _never


def cancel_work_if(is_cancelled: Callable[[], bool]) -> None:
    """Cancel the work of a thread as soon as ``is_cancelled`` returns True in that thread."""
    global _condition  # noqa: PLW0603  # there is one application, or one command, in a process
    _condition = is_cancelled


def check_cancelled() -> None:
    """Raise Cancelled if the work of this thread has been cancelled."""
    if _condition():
        raise Cancelled
