"""The terminal, as the explorer needs it."""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from layerscope.errors import UsageError

_TERMINAL = "/dev/tty"
_STDIN, _STDOUT, _STDERR = 0, 1, 2


def has_screen() -> bool:
    """Return whether stdout is a terminal that the explorer can draw on: one with cursor addressing."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


@contextmanager
def terminal() -> Iterator[None]:
    """Connect standard input and standard error to the terminal while the explorer runs.

    An archive may have come on standard input, and Textual draws on standard error. Raises UsageError if there is no
    terminal to read keys from.
    """
    with ExitStack() as stack:
        if not os.isatty(_STDIN):
            try:
                keys = os.open(_TERMINAL, os.O_RDWR)
            except OSError as error:
                raise UsageError(f"there is no terminal to read keys from ({_TERMINAL}: {error.strerror})") from error
            _redirect(stack, keys, _STDIN)
            os.close(keys)
        if not os.isatty(_STDERR):
            _redirect(stack, _STDOUT, _STDERR)
        yield


def _redirect(stack: ExitStack, source: int, target: int) -> None:
    """Make the target a duplicate of another file descriptor until the stack closes."""
    saved = os.dup(target)
    stack.callback(os.close, saved)
    stack.callback(os.dup2, saved, target)
    os.dup2(source, target)
