"""The cancellation of long work, such as a pass over the content of all layers, by the code that started its thread.

The condition belongs to the process, so that it reaches the lowest reads without a parameter in every function between.
It is evaluated in the thread that works, which knows what it works for.
"""

from collections.abc import Callable


def _never() -> bool:
    return False


_condition: Callable[[], bool] = _never


def cancel_work_if(condition: Callable[[], bool]) -> None:
    """Cancel the work of a thread as soon as ``condition`` returns True in that thread."""
    global _condition  # noqa: PLW0603  # there is one application, or one command, in a process
    _condition = condition


def is_cancelled() -> bool:
    """Return whether the work of this thread has been cancelled; long work asks for each chunk that it reads."""
    return _condition()
