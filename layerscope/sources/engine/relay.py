"""Programs between this one and an engine, which run as long as the connection is used."""

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, NamedTuple

from layerscope.deferred_signals import deferred_signals
from layerscope.text import short_name

_LONGEST_PATH = 103
"""The bytes of a socket's path that every system takes: macOS has 104, Linux 108, with a zero byte at the end."""

_START_SECONDS = 15.0
_LOOK_AGAIN_SECONDS = 0.02
_END_SECONDS = 2.0


class Relay(NamedTuple):
    """A socket behind which a program runs; ``complaint`` returns the last line that it wrote to standard error."""

    socket: socket.socket
    complaint: Callable[[], str]


class RelayProgram(NamedTuple):
    """A program that has been started."""

    process: subprocess.Popen[bytes]
    complaint: Callable[[], str]


def start_program(command: Sequence[str], pipe: int, resources: ExitStack) -> RelayProgram:
    """Start a program with the pipe as standard input and output; when ``resources`` close, it is ended."""
    errors = resources.enter_context(tempfile.TemporaryFile())  # noqa: SIM115  # open as long as the program runs
    with deferred_signals():
        process = subprocess.Popen(  # noqa: S603  # ssh with an address that the user configured, or podman
            command, stdin=pipe, stdout=pipe, stderr=errors, start_new_session=True
        )
        resources.callback(_end, process)
    return RelayProgram(process, lambda: _last_line(errors))


def listening_program(command: Sequence[str], local: Path, resources: ExitStack) -> Relay:
    """Start a program that listens at the socket ``local``, and connect to it.

    Raises OSError where it ends before that, and TimeoutError.
    """
    if len(os.fsencode(local)) > _LONGEST_PATH:
        raise OSError(f"the path of a socket in {short_name(str(local.parent))} is too long: set TMPDIR")
    process, complaint = start_program(command, subprocess.DEVNULL, resources)
    deadline = time.monotonic() + _START_SECONDS
    while not local.exists():
        if _has_ended(process):
            raise OSError(complaint().removeprefix("Error: ") or f"{command[0]} ended with status {process.returncode}")
        if time.monotonic() > deadline:
            raise TimeoutError
    connection = resources.enter_context(socket.socket(socket.AF_UNIX))
    connection.connect(str(local))
    return Relay(connection, complaint)


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Wait a moment, and return whether a program has ended; none says when it listens, so its socket is looked for.

    A signal in the middle of a wait leaves the lock of Popen locked, and the next wait without end.
    """
    with deferred_signals(), suppress(subprocess.TimeoutExpired):
        process.wait(_LOOK_AGAIN_SECONDS)
    return process.returncode is not None


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _last_line(errors: IO[bytes]) -> str:
    errors.seek(0)
    lines = errors.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1].strip() if lines else ""
