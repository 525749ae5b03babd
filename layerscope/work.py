"""The processes and threads that work runs in, and how each of them ends.

- The layers that the explorer shows are read by a process of its own, because keys would wait for the interpreter lock
  (`session/reading/background.py`). The screen ends it, or it ends when its pipe is closed.
- Layers, parts of a large layer, and the content of many files are read by processes that are forked: a fork takes
  1 ms, and imports nothing again (`session/reading/forked.py`). They end with the block that started them, or when
  their parent is gone. A process with other threads is not forked: a lock that one of them holds would stay locked.
- Where this process cannot be forked, threads do the same (`in_parallel`): decompression releases the lock.
- One thread decompresses a large layer ahead of the walk (`sources/stream/ahead.py`); its stream waits for it.
- An export runs in a pool of threads (`session/reading/reception.py`), and what a screen needs in Textual's workers
  (`tui/run.py`): at the end, those that write files are waited for.
- A thread that a registry asks to wait says so for all screens (`pause`).
- Nothing waits for the threads of `start_thread`: an engine may take seconds to answer, and cannot be interrupted.

Work in a thread ends where it asks `is_cancelled`, work in a process where it asks the `IsStopped` that it is given.
"""

import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from threading import Event, Thread, active_count
from typing import TypeVar

from layerscope.debug_log import note
from layerscope.errors import ReadingStopped
from layerscope.text import plural

_LOOK_AGAIN = 0.1
"""Seconds between two looks at whether the work of the caller's thread has been cancelled."""

_MOST_PROCESSES = 8
"""Each takes some 10 MB of memory."""

Item = TypeVar("Item")
Result = TypeVar("Result")

IsStopped = Callable[[], bool]
"""Returns True when the result is no longer needed. Work asks it often, so that Ctrl+C ends it within a second."""


class _Process:
    """Facts about this process, which has one application or command, or works for another process."""

    def __init__(self) -> None:
        self.is_cancelled: IsStopped = bool
        self.is_worker = False
        self.pause_end = 0.0


_process = _Process()


def cancel_work_if(condition: IsStopped) -> None:
    """Cancel the work of a thread as soon as ``condition`` returns True in that thread.

    It belongs to the process, so that it reaches the lowest reads without a parameter in every function between.
    """
    _process.is_cancelled = condition


def is_cancelled() -> bool:
    """Return whether the work of this thread has been cancelled; long work asks for each chunk that it reads."""
    return _process.is_cancelled()


def stop_if(is_stopped: IsStopped) -> None:
    """Raise ReadingStopped if the bytes of a layer that are being read are no longer needed."""
    if is_stopped():
        raise ReadingStopped("reading the layer was stopped")


def become_worker() -> None:
    """Let this process do alone what it works on for another, which has work of its own."""
    _process.is_worker = True


def processes_at_once() -> int:
    """Return how many processes can work at the same time; 1 if this process cannot be forked, or works for another."""
    if _process.is_worker:
        return 1
    if sys.platform != "linux":
        note("no process is forked: only Linux has what that needs")
        return 1
    if active_count() > 1:
        note("no process is forked: a lock that another thread holds would stay locked in the copy")
        return 1
    return min(len(os.sched_getaffinity(0)), _MOST_PROCESSES)


def in_parallel(work: Callable[[Item, IsStopped], Result], items: Sequence[Item]) -> Iterator[Result]:
    """Yield the result of each item in order, computed in as many threads as there are cores.

    The caller's thread does it if the system refuses to start others. If the caller stops early, as after Ctrl+C, the
    threads are stopped and waited for.
    """
    # 5 ms, and where processes can be forked nothing uses threads
    from concurrent.futures import ThreadPoolExecutor, wait  # noqa: PLC0415

    ended: list[bool] = []
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        try:
            results = deque([pool.submit(work, item, lambda: bool(ended)) for item in items])
        except RuntimeError:
            # "can't start new thread": the limit of threads or of address space is reached
            results = deque()
            yield from (work(item, bool) for item in items)
        while results:
            if wait([results[0]], _LOOK_AGAIN).done:
                yield results.popleft().result()
            elif is_cancelled():
                raise ReadingStopped("reading the layers was stopped")
    finally:
        ended.append(True)
        pool.shutdown(cancel_futures=True)


def pause(seconds: float, ended: Event) -> None:
    """Wait as long as a registry asks, or until ``ended``. Any thread may; `pause_words` says so on the screen."""
    _process.pause_end = max(_process.pause_end, time.monotonic() + seconds)
    if ended.wait(seconds):
        _process.pause_end = 0.0


def pause_words() -> str:
    """Return what is being waited for, empty if nothing is."""
    left = round(_process.pause_end - time.monotonic())
    return f"waiting {plural(left, 'second')} for the registry" if left > 0 else ""


def start_thread(work: Callable[[], object]) -> Thread:
    """Start work in a thread that does not keep the process from ending; raises RuntimeError if there can be none."""
    thread = Thread(target=work, daemon=True)
    thread.start()
    return thread
