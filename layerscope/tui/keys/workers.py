"""Long work: in threads, in workers of Textual, and in slices between which keys are handled."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread

from textual.worker import NoActiveWorker, get_current_worker

from layerscope.work import start_thread

FIRST_SLICE = 0.010
"""Seconds of work before the first repaint: work that is done by then is never shown unfinished."""

NEXT_SLICE = 0.006
"""Seconds of work between two times that keys are handled."""

SECONDS_A_PICTURE = 0.1
"""Seconds between two repaints of unfinished work: a repaint costs more than a slice."""


def is_worker_cancelled() -> bool:
    """Return whether the worker that this context belongs to, if any, has been cancelled."""
    try:
        return get_current_worker().is_cancelled
    except NoActiveWorker:
        return False


class Writers:
    """The work that writes files of the user, and removes them if it is stopped.

    Ctrl+C asks once before it ends such work, and the end of the application waits for it.
    """

    def __init__(self) -> None:
        self._at_work = set[object]()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Count the block among the work until its end."""
        work = object()
        self._at_work.add(work)
        try:
            yield
        finally:
            self._at_work.discard(work)

    @property
    def at_work(self) -> frozenset[object]:
        """An object for each block that writes now."""
        return frozenset(self._at_work)


def start_detached(work: Callable[[], object]) -> Thread:
    """Start work in a thread that does not keep the application from ending, as a worker would.

    An engine may take seconds to answer, and cannot be interrupted. After the end, messages of the work go nowhere.
    """

    def run() -> None:
        # Textual's event loop may be closed by now
        with suppress(RuntimeError):
            work()

    return start_thread(run)


def run_for(work: Iterator[None], seconds: float) -> bool:
    """Run the work for that long at most; return True once it is done."""
    end = time.perf_counter() + seconds
    return all(time.perf_counter() < end for _ in work)
