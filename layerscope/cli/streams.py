"""Standard output for data, standard error for narration: neither ever fails for want of a character."""

import codecs
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

_SPARE = {"·": "-", "…": "~"}
"""What stands for our own characters where the encoding has none of them."""


def prepare_streams() -> None:
    """Let both streams write what their encoding lacks as escapes, and a closed one write nowhere."""
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
    """Write a line to standard error, after all data so far."""
    sys.stdout.flush()
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


@contextmanager
def output_may_be_cut() -> Iterator[None]:
    """Let a reader of standard output who has had enough end what is written, and not the run."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        give_up_output()


def give_up_output() -> None:
    """Let nothing more reach standard output, at the interpreter's end neither: nobody reads it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
