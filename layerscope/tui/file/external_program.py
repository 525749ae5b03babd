"""Lets another program have the terminal for a while."""

import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from textual.app import App, SuspendNotSupported

from layerscope.text import printable_line


def run_external_program(app: App[object], command: Sequence[str], file: Path) -> str | None:
    """Run a command with a file as its last word, and return a sentence if that did not work."""
    try:
        # nothing may be raised in here: the terminal would not be taken back
        with app.suspend(), _interrupts_left_to_others():
            return _run(command, file)
    except SuspendNotSupported:
        return "This terminal cannot be handed to another program."


@contextmanager
def _interrupts_left_to_others() -> Iterator[None]:
    """Take no notice of Ctrl+C, which reaches both programs and is meant for the other one.

    A handler, and not the signal ignored: that would be handed down.
    """
    kept = signal.signal(signal.SIGINT, lambda _number, _frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, kept)


def _run(command: Sequence[str], file: Path) -> str | None:
    name = printable_line(command[0])
    try:
        # the user's own command, on a file of a folder of their own
        status = subprocess.run([*command, str(file)], check=False).returncode  # noqa: S603
    except OSError as error:
        return f"{name} cannot be started: {error.strerror}."
    return f"{name} ended with status {status}." if status else None
