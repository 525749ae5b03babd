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

_SECONDS_BETWEEN = 0.02
"""The time after which a lost exception is raised again."""


class EndingSignals(AbstractContextManager["EndingSignals"]):
    """Handlers that end the run at the first signal, and ignore further ones, which would interrupt the clean-up.

    A handler ends the run by an exception. Where that is lost, because it was raised in a callback of a weak reference,
    or while C code was importing a module, it is raised again.
    """

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
        self.status = _BY_SIGNAL + number
        # a pipe that nobody reads would block the end
        give_up_output()
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
