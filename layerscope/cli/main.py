"""Runs the command line: whatever happens inside, an error is a sentence, and an exit status comes out."""

import gc
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from layerscope.cli.debug_log import note, stop_log
from layerscope.cli.exit_status import exit_status
from layerscope.cli.sentences import sentences
from layerscope.cli.streams import give_up_output, narrate, prepare_streams

PROGRAM = "layerscope"

_ENDING_SIGNALS = ("SIGTERM", "SIGHUP")


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit status."""
    # next to nothing that is made here is garbage before the end
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
        from layerscope.cli.show import show  # noqa: PLC0415  # as below

        show(arguments[0])
        return 0
    from typer.main import get_command  # noqa: PLC0415  # in here, Ctrl+C ends without a traceback

    from layerscope.cli.app import make_app  # noqa: PLC0415

    status = get_command(make_app()).main(arguments, PROGRAM, standalone_mode=False)
    return status if isinstance(status, int) else 0


def _can_only_be_an_image(word: str) -> bool:
    """Tell whether a word names an image and nothing else: no option and no command looks like ``my-app.tar``.

    Typer would come to the same, in a tenth of the time until the explorer is there.
    """
    return not word.startswith("-") and any(sign in word for sign in "./:")


def _explain(error: BaseException) -> int:
    """Say what happened, and return the exit status."""
    note("ended by an error", error)
    if isinstance(error, BrokenPipeError):
        give_up_output()
    else:
        for line in sentences(error):
            narrate(line)
    return exit_status(error)


@contextmanager
def _clean_end_on_signals() -> Iterator[None]:
    """Let a signal that ends the run end it as an error does: temporary files may be gigabytes."""
    numbers = [getattr(signal, name) for name in _ENDING_SIGNALS if hasattr(signal, name)]
    # nohup has its reasons
    kept = {number: signal.signal(number, _end) for number in numbers if signal.getsignal(number) is signal.SIG_DFL}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)
