"""An external program that uses the terminal while the explorer waits."""

import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from textual.app import App, SuspendNotSupported

from layerscope.text import printable_line


def run_external_program(app: App[object], command: Sequence[str], file: Path) -> str | None:
    """Run a command with a file as its last argument; return a sentence that says why it failed, or None."""
    try:
        # Nothing may be raised in this block: Textual would not take the terminal back.
        with app.suspend(), _interrupts_ignored():
            return _run(command, file)
    except SuspendNotSupported:
        return "Another program cannot use this terminal."


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Ignore Ctrl+C, which reaches both programs but is meant for the external one.

    This sets a handler that does nothing. SIG_IGN would be inherited by the external program.
    """
    kept = signal.signal(signal.SIGINT, lambda _number, _frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, kept)


def _run(command: Sequence[str], file: Path) -> str | None:
    name = printable_line(command[0])
    try:
        # The command is the user's own, and the file is in a folder that only the user may enter.
        status = subprocess.run([*command, str(file)], check=False).returncode  # noqa: S603
    except OSError as error:
        return f"{name} cannot be started: {error.strerror}."
    return f"{name} ended with status {status}." if status else None
