"""An external program that uses the terminal while the explorer waits."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from textual.app import App, SuspendNotSupported

from layerscope.signals import interrupts_left_to_program
from layerscope.text import printable_line


def run_external_program(app: App[object], command: Sequence[str], file: Path) -> str | None:
    """Run a command with a file as its last argument; return a sentence that says why it failed, or None."""
    try:
        # Nothing may be raised in this block: Textual would not take the terminal back.
        with app.suspend(), interrupts_left_to_program():
            return _run(command, file)
    except SuspendNotSupported:
        return "Another program cannot use this terminal."


def _run(command: Sequence[str], file: Path) -> str | None:
    name = printable_line(command[0])
    try:
        # The command is the user's own, and the file is in a folder that only the user may enter.
        status = subprocess.run([*command, str(file)], check=False).returncode  # noqa: S603
    except OSError as error:
        return f"{name} cannot be started: {error.strerror}."
    return f"{name} ended with status {status}." if status else None
