"""Signals that end the application, handled between two pieces of its work."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextmanager
def ending_signals(loop: asyncio.AbstractEventLoop, end: Callable[[int], None]) -> Iterator[None]:
    """Call ``end`` with the number of a signal, from the loop. Ignored signals stay ignored.

    An exception from a signal handler would end the task that happens to run, and be reported as an error of that task.
    """
    handlers = {number: signal.getsignal(number) for number in _ENDING}
    kept = {number: handler for number, handler in handlers.items() if handler not in {None, signal.SIG_IGN}}
    for number in kept:
        # The loop's own handlers would also be called while other code has replaced the signal's handler for a while.
        signal.signal(number, lambda received, _frame: loop.call_soon_threadsafe(end, received))
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
