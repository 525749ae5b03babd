"""Sockets to container engines on other machines, through the ssh command.

Docker's command line relays its API over standard input and output (``docker system dial-stdio``); podman's addresses
name the socket on the other machine, which ssh forwards to one here.
"""

import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from typing import IO, NamedTuple
from urllib.parse import SplitResult

from layerscope.temporary import locked_folder

_SSH = ("ssh", "-o", "ConnectTimeout=10", "-o", "BatchMode=yes")
"""In batch mode ssh asks nothing: an unknown host key or a missing key is an error, not a prompt behind the screen."""

_FORWARD_SECONDS = 15.0
_LOOK_AGAIN_SECONDS = 0.02
_END_SECONDS = 2.0


class Relay(NamedTuple):
    """A socket behind which ssh relays; ``complaint`` returns the last line that ssh wrote to standard error."""

    socket: socket.socket
    complaint: Callable[[], str]


def dial_stdio(address: SplitResult, identity: str | None, resources: ExitStack) -> Relay:
    """Connect to the Docker engine that the other machine's own command line uses."""
    ours, theirs = socket.socketpair()
    resources.enter_context(ours)
    with theirs:
        command = [*_SSH, "-T", *_destination(address, identity), "docker", "system", "dial-stdio"]
        complaint, _ = _start(command, theirs.fileno(), resources)
    return Relay(ours, complaint)


def forward_socket(address: SplitResult, identity: str | None, resources: ExitStack) -> Relay:
    """Connect to a socket of the other machine; raises OSError where ssh fails to forward it."""
    local = locked_folder(resources) / "engine.sock"
    command = [
        *_SSH,
        "-o",
        "ExitOnForwardFailure=yes",
        "-nNT",
        "-L",
        f"{local}:{address.path}",
        *_destination(address, identity),
    ]
    complaint, process = _start(command, subprocess.DEVNULL, resources)
    deadline = time.monotonic() + _FORWARD_SECONDS
    while not local.exists():
        if process.poll() is not None:
            raise OSError(complaint() or f"ssh ended with status {process.returncode}")
        if time.monotonic() > deadline:
            raise TimeoutError
        # ssh does not say when it is ready, so its socket is looked for
        with suppress(subprocess.TimeoutExpired):
            process.wait(_LOOK_AGAIN_SECONDS)
    connection = resources.enter_context(socket.socket(socket.AF_UNIX))
    connection.connect(str(local))
    return Relay(connection, complaint)


def _destination(address: SplitResult, identity: str | None) -> list[str]:
    """Return the arguments that name the other machine; raises ValueError for a name that ssh takes for an option."""
    host = address.hostname or ""
    if not host or host.startswith("-") or (address.username or "").startswith("-"):
        raise ValueError("no host name")
    key = ["-i", identity] if identity else []
    port = ["-p", str(address.port)] if address.port else []
    return [*key, *port, "--", f"{address.username}@{host}" if address.username else host]


def _start(
    command: Sequence[str], pipe: int, resources: ExitStack
) -> tuple[Callable[[], str], subprocess.Popen[bytes]]:
    """Start ssh; when ``resources`` close, it is ended."""
    errors = resources.enter_context(tempfile.TemporaryFile())  # noqa: SIM115  # open as long as ssh runs
    process = subprocess.Popen(  # noqa: S603  # ssh with an address that the user configured
        command, stdin=pipe, stdout=pipe, stderr=errors, start_new_session=True
    )
    resources.callback(_end, process)
    return lambda: _last_line(errors), process


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
