"""Signals that end a program, and the end of a process: all handlers are set here.

A command ends at the first of them as it does after an error, so that temporary files, which may be gigabytes, are
removed (`EndingSignals`). The explorer ends between two pieces of its work (`handled_signals`). What must not be left
half done defers them (`deferred_signals`). While another program has the terminal, Ctrl+C is that program's
(`interrupts_left_to_program`). A forked process ends with the first one (`fork`). The system sends one as well when
a socket is closed (`call_at_input`), or when work takes too long (`time_limit`).
"""

import fcntl
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType
from typing import TYPE_CHECKING, NoReturn, Self

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))

BY_SIGNAL = 128
"""The number that a shell adds to the signal that ended a program."""

_SECONDS_BETWEEN = 0.02
"""The time after which a lost exception is raised again."""


class EndingSignals(AbstractContextManager["EndingSignals"]):
    """Handlers that end the run at the first signal, and ignore further ones, which would interrupt the clean-up.

    A handler calls ``before_end``, and ends the run by an exception. Where that is lost, because it was raised in a
    callback of a weak reference, or while C code was importing a module, it is raised again.
    """

    def __init__(self, before_end: Callable[[], None]) -> None:
        self.status: int | None = None
        """The exit status if a signal has ended the run."""
        self._before_end = before_end
        self._kept: dict[int, signal._HANDLER] = {}
        self._hook = sys.unraisablehook

    def __enter__(self) -> Self:
        for number in _ENDING:
            handler = signal.getsignal(number)
            # an ignored signal, as under nohup, stays ignored
            if handler in (signal.SIG_DFL, signal.default_int_handler):
                self._kept[number] = signal.signal(number, self._end)
        sys.unraisablehook = self._report_other
        return self

    def __exit__(self, *_exit: object) -> None:
        sys.unraisablehook = self._hook
        self.stop_raising()
        for number, handler in self._kept.items():
            signal.signal(number, handler if self.status is None else signal.SIG_IGN)

    def stop_raising(self) -> None:
        """Raise nothing any more: the exception has come to the end of the run."""
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _end(self, number: int, _frame: FrameType | None) -> None:
        if self.status is not None:
            return
        self.status = BY_SIGNAL + number
        self._before_end()
        signal.signal(signal.SIGALRM, self._raise_again)
        signal.setitimer(signal.ITIMER_REAL, _SECONDS_BETWEEN, _SECONDS_BETWEEN)
        raise SystemExit(self.status)

    def _raise_again(self, _number: int, _frame: FrameType | None) -> None:
        """End the run, unless it is being ended: the clean-up runs while the exception is handled."""
        handled = sys.exc_info()[1]
        while handled is not None:
            if isinstance(handled, SystemExit):
                return
            handled = handled.__context__
        raise SystemExit(self.status)

    def _report_other(self, ignored: "UnraisableHookArgs") -> None:
        """Report an exception that cannot be raised, but for that of a signal."""
        if self.status is None or not isinstance(ignored.exc_value, SystemExit):
            self._hook(ignored)


@contextmanager
def handled_signals(handle: Callable[[int], object]) -> Iterator[None]:
    """Call ``handle`` with the number of a signal that is to end the program; ignored signals stay ignored."""
    handlers = {number: signal.getsignal(number) for number in _ENDING}
    # A handler that is None was not set by Python code, and could not be restored.
    kept = {number: handler for number, handler in handlers.items() if handler not in {None, signal.SIG_IGN}}
    for number in kept:
        signal.signal(number, lambda number, _frame: handle(number))
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


@contextmanager
def deferred_signals() -> Iterator[None]:
    """Defer signals until the end of the block; the first of them then takes effect.

    Python runs signal handlers in the main thread only: in other threads, there is nothing to defer.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[int] = []
    try:
        with handled_signals(received.append):
            yield
    finally:
        if received:
            signal.raise_signal(received[0])


@contextmanager
def interrupts_left_to_program() -> Iterator[None]:
    """Leave Ctrl+C, which reaches all programs of a terminal, to one that is waited for.

    A handler that does nothing is set, because the other program would inherit SIG_IGN.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = signal.signal(signal.SIGINT, lambda _number, _frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, kept)


class _TimeUpError(BaseException):
    """Not an error of the work that it ends, which must not handle it."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """End the block, and only the block, when the time has passed; its clean-up runs. For the main thread."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise _TimeUpError

    kept = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
        signal.setitimer(signal.ITIMER_REAL, 0)
    except _TimeUpError:
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, kept)


def call_at_input(descriptor: int, handle: Callable[[], object]) -> None:
    """Call ``handle`` in the main thread when a socket has something to read or was closed.

    A thread that waits for that would keep this process from being forked (`work.processes_at_once`).
    """
    signal.signal(signal.SIGIO, lambda _number, _frame: handle())
    fcntl.fcntl(descriptor, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(descriptor, fcntl.F_SETFL, fcntl.fcntl(descriptor, fcntl.F_GETFL) | os.O_ASYNC)


def fork() -> int:
    """Fork this process; return the id of the new one, and 0 there, where signals have no handlers of this one.

    Raises OSError where the system starts none.
    """
    kept = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        process = os.fork()
        if not process:
            # Ctrl+C reaches all processes of a terminal; this one ends the other
            for number in _ENDING:
                signal.signal(number, signal.SIG_IGN if number == signal.SIGINT else signal.SIG_DFL)
        return process
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, kept)


def end_process(status: int) -> NoReturn:
    """End the process immediately, without any clean-up, and without a traceback for a signal that comes now.

    The interpreter would take down each module and object first: 15 of the 160 ms that a small image takes.
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.setitimer(signal.ITIMER_REAL, 0)
    os._exit(status)
