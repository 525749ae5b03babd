"""Gives the explorer the terminal, wherever the standard streams lead, and the process that it needs."""

import gc
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from layerscope.errors import UsageError

_TERMINAL = "/dev/tty"
_STDIN, _STDOUT, _STDERR = 0, 1, 2


def collect_garbage_again() -> None:
    """Turn the collector on, which `run` has turned off, and let it leave alone what start-up has made."""
    gc.freeze()
    gc.enable()


@contextmanager
def terminal() -> Iterator[None]:
    """Let the explorer read keys from the terminal and draw on it, wherever standard input and error lead.

    An archive may have come on standard input, and Textual draws on standard error. Raises UsageError where there is no
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
    """Let a file descriptor lead where another one does, until the stack closes."""
    kept = os.dup(target)
    stack.callback(os.close, kept)
    stack.callback(os.dup2, kept, target)
    os.dup2(source, target)
