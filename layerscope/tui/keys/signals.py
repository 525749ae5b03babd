"""Signals that end the explorer: taken in between two pieces of its work, not in the middle of one."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextmanager
def ending_signals(loop: asyncio.AbstractEventLoop, end: Callable[[int], None]) -> Iterator[None]:
    """Call ``end`` with the number of a signal, from the loop; those that are ignored stay so.

    An exception from a signal handler would end whichever task is running, and be told as that task's own mistake.
    """
    handlers = {number: signal.getsignal(number) for number in _ENDING}
    kept = {number: handler for number, handler in handlers.items() if handler not in {None, signal.SIG_IGN}}
    for number in kept:
        # not the loop's own handler: whoever puts another one in its place for a while would hear of it all the same
        signal.signal(number, lambda received, _frame: loop.call_soon_threadsafe(end, received))
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
