"""Work on several compressed layers in parallel: decompression releases the interpreter lock."""

import os
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from threading import Condition, Thread, active_count
from typing import Generic, TypeVar

from layerscope.cancellation import is_cancelled
from layerscope.errors import ReadingStopped

_LOOK_AGAIN = 0.1
"""Seconds between two looks at whether the work of the caller's thread has been cancelled."""

_MOST_PROCESSES = 8
"""Each takes some 10 MB of memory."""

Item = TypeVar("Item")
Result = TypeVar("Result")

IsStopped = Callable[[], bool]
"""Returns True when the result is no longer needed. Work asks it often, so that Ctrl+C ends it within a second."""


_is_worker = False


def become_worker() -> None:
    """Let this process do alone what it works on for another, which has work of its own."""
    global _is_worker  # noqa: PLW0603  # it is about the process
    _is_worker = True


def processes_at_once() -> int:
    """Return how many processes can work at the same time; 1 if this process cannot be forked, or works for another.

    A lock that another thread holds would stay locked in the copy.
    """
    if sys.platform != "linux" or active_count() > 1 or _is_worker:
        return 1
    return min(len(os.sched_getaffinity(0)), _MOST_PROCESSES)


def in_parallel(work: Callable[[Item, IsStopped], Result], items: Sequence[Item]) -> Iterator[Result]:
    """Yield the result of each item in order, computed in as many threads as there are cores.

    Fewer threads do it, or none, if the system refuses to start them. If the caller stops early, as after Ctrl+C, the
    threads are stopped and waited for. `ThreadPoolExecutor` offers neither, and takes 5 ms to import.
    """
    workers = _Workers(work, items)
    try:
        if len(items) > 1:
            workers.start(min(os.cpu_count() or 1, len(items)))
        yield from workers.results()
    finally:
        workers.stop()


class _Workers(Generic[Item, Result]):
    """Threads that take one item after another; without any, the caller's thread does the work."""

    def __init__(self, work: Callable[[Item, IsStopped], Result], items: Sequence[Item]) -> None:
        self._work = work
        self._items = items
        self._waiting = deque(range(len(items)))
        self._results: dict[int, Result] = {}
        self._errors: dict[int, BaseException] = {}
        self._changed = Condition()
        self._threads: list[Thread] = []
        self._is_stopped = False

    def start(self, count: int) -> None:
        for _ in range(count):
            # a daemon, so that a second Ctrl+C while it is waited for leaves no thread that keeps the process
            thread = Thread(target=self._run, daemon=True)
            try:
                thread.start()
            except RuntimeError:
                # "can't start new thread": the limit of threads or of address space is reached
                return
            self._threads.append(thread)

    def results(self) -> Iterator[Result]:
        for number in range(len(self._items)):
            if not self._threads:
                self._do_next()
            with self._changed:
                while number not in self._results and number not in self._errors:
                    if is_cancelled():
                        raise ReadingStopped("reading the layers was stopped")
                    self._changed.wait(_LOOK_AGAIN)
            if number in self._errors:
                raise self._errors[number]
            yield self._results.pop(number)

    def stop(self) -> None:
        self._is_stopped = True
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while not self._is_stopped and self._do_next():
            pass

    def _do_next(self) -> bool:
        """Do the work for the next item; return False if there is none left."""
        try:
            number = self._waiting.popleft()
        except IndexError:
            return False
        try:
            self._results[number] = self._work(self._items[number], lambda: self._is_stopped)
        except BaseException as error:  # noqa: BLE001  # raised again in the caller's thread
            self._errors[number] = error
        with self._changed:
            self._changed.notify()
        return True
