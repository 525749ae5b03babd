"""Work in threads: the cancellation of Textual's workers, writing, and threads that nothing waits for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread

from textual.worker import NoActiveWorker, get_current_worker

_writers = set[object]()


def is_worker_cancelled() -> bool:
    """Return whether the worker that this context belongs to, if any, has been cancelled."""
    try:
        return get_current_worker().is_cancelled
    except NoActiveWorker:
        return False


@contextmanager
def writing() -> Iterator[None]:
    """Mark the block as one that writes files of the user, and removes them if it is stopped."""
    writer = object()
    _writers.add(writer)
    try:
        yield
    finally:
        _writers.discard(writer)


def writers() -> frozenset[object]:
    """Return an object for each block that writes now: Ctrl+C asks once before it ends them, and the end waits."""
    return frozenset(_writers)


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
