"""Signals that end a run: as an error does, so that temporary files, which may be gigabytes, are removed."""

import signal
import sys
from contextlib import AbstractContextManager
from types import FrameType
from typing import TYPE_CHECKING, Self

from layerscope.cli.streams import give_up_output

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
_BY_SIGNAL = 128
"""The number that a shell adds to the signal that ended a program."""

_SECONDS_LATER = 0.01


class EndingSignals(AbstractContextManager["EndingSignals"]):
    """Handlers that end the run at the first signal, and ignore further ones, which would interrupt the clean-up."""

    def __init__(self) -> None:
        self.status: int | None = None
        """The exit status if a signal has ended the run."""
        self._kept: dict[int, signal._HANDLER] = {}
        self._hook = sys.unraisablehook

    def __enter__(self) -> Self:
        for number in (getattr(signal, name) for name in _NAMES if hasattr(signal, name)):
            handler = signal.getsignal(number)
            # an ignored signal, as under nohup, stays ignored
            if handler in (signal.SIG_DFL, signal.default_int_handler):
                self._kept[number] = signal.signal(number, self._end)
        sys.unraisablehook = self._end_later
        return self

    def __exit__(self, *_exit: object) -> None:
        sys.unraisablehook = self._hook
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in self._kept.items():
            signal.signal(number, handler if self.status is None else signal.SIG_IGN)

    def _end(self, number: int, _frame: FrameType | None) -> None:
        if self.status is not None:
            return
        self.status = _BY_SIGNAL + number
        # a pipe that nobody reads would block the end
        give_up_output()
        raise SystemExit(self.status)

    def _end_later(self, ignored: "UnraisableHookArgs") -> None:
        """End the run after a signal that came in a callback, of a weak reference for one, where nothing can be raised.

        Python would print the exception, and the run would go on.
        """
        if self.status is None or not isinstance(ignored.exc_value, SystemExit):
            self._hook(ignored)
            return
        signal.signal(signal.SIGALRM, self._end_now)
        signal.setitimer(signal.ITIMER_REAL, _SECONDS_LATER)

    def _end_now(self, _number: int, _frame: FrameType | None) -> None:
        raise SystemExit(self.status)
