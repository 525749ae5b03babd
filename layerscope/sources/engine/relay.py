"""Programs between this one and an engine, which run as long as the connection is used: ssh, podman's service.

Docker's command line relays its API over standard input and output (``docker system dial-stdio``); podman's addresses
name the socket on the other machine, which ssh forwards to one here.
https://docs.podman.io/en/latest/markdown/podman-system-service.1.html
"""

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO
from urllib.parse import SplitResult

from layerscope.signals import deferred_signals
from layerscope.sources.engine.endpoints import PODMAN_SERVICE
from layerscope.temporary import locked_folder
from layerscope.text import short_name

_LONGEST_PATH = 103
"""The bytes of a socket's path that every system takes: macOS has 104, Linux 108, with a zero byte at the end."""

_IDLE_SECONDS = 60
"""The time after which podman's service ends by itself if this process is killed."""

_SSH = ("ssh", "-o", "ConnectTimeout=10", "-o", "BatchMode=yes")
"""In batch mode ssh asks nothing: an unknown host key or a missing key is an error, not a prompt behind the screen."""

_START_SECONDS = 15.0
_LOOK_AGAIN_SECONDS = 0.02
_END_SECONDS = 2.0


Complaint = Callable[[], str]
"""Returns the last line that a program wrote to standard error."""

Relay = tuple[socket.socket, Complaint]
"""A socket behind which a program runs."""


def start_program(command: Sequence[str], pipe: int, resources: ExitStack) -> tuple[subprocess.Popen[bytes], Complaint]:
    """Start a program with the pipe as standard input and output; when ``resources`` close, it is ended."""
    errors = resources.enter_context(tempfile.TemporaryFile())  # noqa: SIM115  # open as long as the program runs
    with deferred_signals():
        process = subprocess.Popen(  # noqa: S603  # ssh with an address that the user configured, or podman
            command, stdin=pipe, stdout=pipe, stderr=errors, start_new_session=True
        )
        resources.callback(_end, process)
    return process, lambda: _last_line(errors)


def listening_program(command: Sequence[str], local: Path, resources: ExitStack) -> Relay:
    """Start a program that listens at the socket ``local``, and connect to it.

    Raises OSError where it ends before that, and TimeoutError.
    """
    if len(os.fsencode(local)) > _LONGEST_PATH:
        raise OSError(f"the path of a socket in {short_name(str(local.parent))} is too long: set TMPDIR")
    process, complaint = start_program(command, subprocess.DEVNULL, resources)
    deadline = time.monotonic() + _START_SECONDS
    while not local.exists():
        if has_ended(process):
            raise OSError(complaint().removeprefix("Error: ") or f"{command[0]} ended with status {process.returncode}")
        if time.monotonic() > deadline:
            raise TimeoutError
    connection = resources.enter_context(socket.socket(socket.AF_UNIX))
    connection.connect(str(local))
    return connection, complaint


def has_ended(process: subprocess.Popen[bytes]) -> bool:
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


def dial_stdio(address: SplitResult, identity: str | None, resources: ExitStack) -> Relay:
    """Connect to the Docker engine that the other machine's own command line uses."""
    ours, theirs = socket.socketpair()
    resources.enter_context(ours)
    with theirs:
        command = [*_SSH, "-T", *_destination(address, identity), "docker", "system", "dial-stdio"]
        _, complaint = start_program(command, theirs.fileno(), resources)
    return ours, complaint


def forward_socket(address: SplitResult, identity: str | None, resources: ExitStack) -> Relay:
    """Connect to a socket of the other machine; raises OSError where ssh fails to forward it."""
    local = locked_folder(resources) / "engine.sock"
    forward = ["-o", "ExitOnForwardFailure=yes", "-nNT", "-L", f"{local}:{address.path}"]
    command = [*_SSH, *forward, *_destination(address, identity)]
    return listening_program(command, local, resources)


def _destination(address: SplitResult, identity: str | None) -> list[str]:
    """Return the arguments that name the other machine; raises ValueError for a name that ssh takes for an option."""
    host = address.hostname or ""
    if not host or host.startswith("-") or (address.username or "").startswith("-"):
        raise ValueError("no host name")
    key = ["-i", identity] if identity else []
    port = ["-p", str(address.port)] if address.port else []
    return [*key, *port, "--", f"{address.username}@{host}" if address.username else host]


def start_podman_service(resources: ExitStack) -> Relay:
    """Start podman's service, and connect to it; raises OSError with podman's own message, and TimeoutError."""
    local = locked_folder(resources) / "podman.sock"
    return listening_program([*PODMAN_SERVICE, f"--time={_IDLE_SECONDS}", f"unix://{local}"], local, resources)
