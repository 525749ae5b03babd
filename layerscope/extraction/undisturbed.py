"""Holds back the signals that would end the work while it must not be left half done."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let signals wait until the block has ended; the first of them then does what it does.

    Only the main thread is ever interrupted by signals: in another one, there is nothing to hold back.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []
    # a handler that is None was set by no Python code, and could not be put back
    kept = {number: handler for number in _ENDING if (handler := signal.getsignal(number)) is not None}
    for number in kept:
        signal.signal(number, lambda received, _frame: held.append(received))
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
        if held:
            signal.raise_signal(held[0])
