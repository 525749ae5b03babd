"""One run of the command line: an error becomes a sentence, and the run ends with an exit status."""

import gc
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from layerscope.cli.debug_log import note, stop_log
from layerscope.cli.errors import error_lines, exit_status
from layerscope.cli.streams import give_up_output, narrate, prepare_streams

PROGRAM = "layerscope"

_ENDING_SIGNALS = ("SIGTERM", "SIGHUP")


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit status."""
    # almost nothing that is allocated becomes garbage before the end
    gc.disable()
    prepare_streams()
    try:
        with _clean_end_on_signals():
            status = _run(list(arguments))
            sys.stdout.flush()
            return status
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except BaseException as error:  # noqa: BLE001  # the one place that turns a crash into an exit status
        return _explain(error)
    finally:
        stop_log()
        gc.enable()


def _run(arguments: list[str]) -> int:
    if len(arguments) == 1 and _can_only_be_an_image(arguments[0]):
        from layerscope.cli.opening import show  # noqa: PLC0415  # as below

        show(arguments[0])
        return 0
    from layerscope.cli.app import make_command_line  # noqa: PLC0415  # inside, so that Ctrl+C prints no traceback

    status = make_command_line().main(arguments, PROGRAM, standalone_mode=False)
    return status if isinstance(status, int) else 0


def _can_only_be_an_image(word: str) -> bool:
    """Return whether a word can only be an image: no option and no command looks like ``my-app.tar``.

    Typer would decide the same, but takes a tenth of the time until the explorer appears.
    """
    return not word.startswith("-") and any(sign in word for sign in "./:")


def _explain(error: BaseException) -> int:
    """Print the error, and return the exit status."""
    note("ended by an error", error)
    if isinstance(error, BrokenPipeError):
        give_up_output()
    else:
        for line in error_lines(error):
            narrate(line)
    return exit_status(error)


@contextmanager
def _clean_end_on_signals() -> Iterator[None]:
    """End the run on a signal as an error does, so that temporary files, which may be gigabytes, are removed."""
    numbers = [getattr(signal, name) for name in _ENDING_SIGNALS if hasattr(signal, name)]
    # an ignored signal, as under nohup, stays ignored
    kept = {number: signal.signal(number, _end) for number in numbers if signal.getsignal(number) is signal.SIG_DFL}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)
