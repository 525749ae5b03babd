"""Deferral of signals that end the program, while work must not be left half done."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextmanager
def deferred_signals() -> Iterator[None]:
    """Defer signals until the end of the block; the first of them then takes effect.

    Python runs signal handlers in the main thread only: in other threads, there is nothing to defer.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[int] = []
    # A handler that is None was not set by Python code, and could not be restored.
    kept = {number: handler for number in _ENDING if (handler := signal.getsignal(number)) is not None}
    for number in kept:
        signal.signal(number, lambda number, _frame: received.append(number))
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
        if received:
            signal.raise_signal(received[0])
