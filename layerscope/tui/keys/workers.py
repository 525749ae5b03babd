"""Work in threads: the cancellation of Textual's workers, and threads that nothing waits for."""

from collections.abc import Callable
from contextlib import suppress
from threading import Thread

from textual.worker import NoActiveWorker, get_current_worker

WRITING = "writing"
"""The group of workers that write files of the user: Ctrl+C asks once before it ends them."""


def is_worker_cancelled() -> bool:
    """Return whether the worker that this context belongs to, if any, has been cancelled."""
    try:
        return get_current_worker().is_cancelled
    except NoActiveWorker:
        return False


def start_detached(work: Callable[[], object]) -> Thread:
    """Start work in a thread that does not keep the application from ending, as a worker would.

    An engine may take seconds to answer, and cannot be interrupted. After the end, messages of the work go nowhere.
    """

    def run() -> None:
        # Textual's event loop may be closed by now
        with suppress(RuntimeError):
            work()

    thread = Thread(target=run, daemon=True)
    thread.start()
    return thread
