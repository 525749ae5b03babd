"""Standard output for data, standard error for messages, and the terminal as the explorer needs it.

Neither stream fails on a character that its encoding lacks.
"""

import codecs
import io
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

from layerscope.errors import UsageError

_SPARE = {"·": "-", "…": "~"}
"""Replacements for our own characters that the encoding lacks."""


def prepare_streams() -> None:
    """Make both streams escape what their encoding lacks, and a closed stream discard what is written."""
    codecs.register_error("layerscope", _spare)
    sys.stdout, sys.stderr = sys.stdout or _nowhere(), sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="layerscope")


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="ascii")


def _spare(error: UnicodeError) -> tuple[str | bytes, int]:
    if isinstance(error, UnicodeEncodeError) and (spare := _SPARE.get(error.object[error.start])):
        return spare, error.start + 1
    return codecs.backslashreplace_errors(error)


def narrate(line: str) -> None:
    """Write a line to standard error, after all data so far.

    Where standard error cannot be written to (a full disk, a closed pipe), the line is lost: it must change neither the
    output nor the exit status, by which a check in CI is judged.
    """
    sys.stdout.flush()
    try:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
    except OSError:
        _discard(sys.stderr)


@contextmanager
def output_may_be_cut() -> Iterator[None]:
    """End the output, but not the run, when the reader of standard output closes the pipe."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        give_up_output()


def give_up_output() -> None:
    """Discard all further output, also at the interpreter's exit: it cannot be written."""
    _discard(sys.stdout)


def give_up_errors() -> None:
    """Discard all further messages, also at the interpreter's exit: they cannot be written."""
    _discard(sys.stderr)


def _discard(stream: TextIO) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


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
