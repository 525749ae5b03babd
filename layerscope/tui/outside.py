"""Lets another program have the terminal for a while."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from textual.app import App, SuspendNotSupported

from layerscope.text import printable_line


def run_outside(app: App[object], command: Sequence[str], file: Path) -> str | None:
    """Run a command with a file as its last word, and return a sentence if that did not work."""
    name = printable_line(command[0])
    try:
        with app.suspend():
            # the user's own command, on a file of a folder of their own
            status = subprocess.run([*command, str(file)], check=False).returncode  # noqa: S603
    except SuspendNotSupported:
        return "This terminal cannot be handed to another program."
    except OSError as error:
        return f"{name} cannot be started: {error.strerror}."
    return f"{name} ended with status {status}." if status else None
