"""Sockets to container engines: a Unix socket, TCP, TLS, a pipe through ssh, or podman's service, which is started.

Addresses are written as DOCKER_HOST and CONTAINER_HOST have them: ``unix:///run/docker.sock``, ``tcp://10.0.0.5:2376``,
``ssh://user@host``, ``ssh://user@host/run/podman/podman.sock``. Docker's command line relays its API over standard
input and output (``docker system dial-stdio``); podman's addresses name the socket on the other machine, which ssh
forwards to one here. https://docs.docker.com/engine/security/protect-access/;
https://docs.podman.io/en/latest/markdown/podman-system-service.1.html
"""

import os
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, NamedTuple
from urllib.parse import SplitResult, urlsplit

from layerscope.errors import EngineUnavailable
from layerscope.signals import deferred_signals
from layerscope.sources.engine.endpoints import PODMAN_SERVICE, Endpoint
from layerscope.temporary import locked_folder
from layerscope.text import short_name

CONNECT_SECONDS = 10.0
"""An engine that does not answer for so long is taken for one that does not work."""

_TLS_PORT, _PLAIN_PORT = 2376, 2375
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


class Connection(NamedTuple):
    """A socket on which an engine speaks HTTP; ``complaint`` returns what a program between said last, or nothing."""

    socket: socket.socket
    complaint: Complaint = str


def open_connection(endpoint: Endpoint, resources: ExitStack) -> Connection:
    """Connect to an engine; ``resources`` own the socket, and the processes and files behind it.

    Raises EngineUnavailable with the address and the reason.
    """
    if endpoint.problem is not None:
        raise EngineUnavailable(f"{endpoint}: {endpoint.problem}")
    try:
        if endpoint.is_command:
            local = locked_folder(resources) / "podman.sock"
            command = [*PODMAN_SERVICE, f"--time={_IDLE_SECONDS}", f"unix://{local}"]
            return _listening_program(command, local, resources)
        address = urlsplit(endpoint.host)
        opener = _OPENERS.get(address.scheme)
        if opener is None:
            raise EngineUnavailable(f"{endpoint}: invalid address (it starts with none of {', '.join(_SCHEMES)})")
        return opener(endpoint, address, resources)
    except PermissionError as error:
        raise EngineUnavailable(
            f"{endpoint}: permission denied (join the group that owns the socket, usually docker, or run the engine in"
            " rootless mode)"
        ) from error
    except FileNotFoundError as error:
        raise EngineUnavailable(f"{endpoint}: no such socket") from error
    except TimeoutError as error:
        raise EngineUnavailable(f"{endpoint}: no answer within {CONNECT_SECONDS:.0f} seconds") from error
    except ValueError as error:
        raise EngineUnavailable(f"{endpoint}: invalid address ({error})") from error
    except OSError as error:
        raise EngineUnavailable(f"{endpoint}: {(error.strerror or '').lower() or error}") from error


def _open_unix(_endpoint: Endpoint, address: SplitResult, resources: ExitStack) -> Connection:
    connection = resources.enter_context(socket.socket(socket.AF_UNIX))
    connection.settimeout(CONNECT_SECONDS)
    connection.connect(address.path)
    return Connection(connection)


def _open_tcp(endpoint: Endpoint, address: SplitResult, resources: ExitStack) -> Connection:
    if not address.hostname:
        raise ValueError("no host name")
    uses_tls = endpoint.tls_folder is not None or address.scheme == "https"
    port = address.port or (_TLS_PORT if uses_tls else _PLAIN_PORT)
    connection = resources.enter_context(socket.create_connection((address.hostname, port), CONNECT_SECONDS))
    if uses_tls:
        connection = resources.enter_context(_secured(endpoint, address.hostname, connection))
    return Connection(connection)


def _secured(endpoint: Endpoint, host: str, connection: socket.socket) -> socket.socket:
    context = ssl.create_default_context()
    if not endpoint.tls_verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if endpoint.tls_folder is not None:
        authority, certificate, key = (endpoint.tls_folder / f"{name}.pem" for name in ("ca", "cert", "key"))
        if authority.exists():
            context.load_verify_locations(authority)
        if certificate.exists():
            context.load_cert_chain(certificate, key)
    return context.wrap_socket(connection, server_hostname=host)


def _open_ssh(endpoint: Endpoint, address: SplitResult, resources: ExitStack) -> Connection:
    connect = _forward_socket if address.path.strip("/") else _dial_stdio
    return connect(address, endpoint.identity, resources)


def start_program(command: Sequence[str], pipe: int, resources: ExitStack) -> tuple[subprocess.Popen[bytes], Complaint]:
    """Start a program with the pipe as standard input and output; when ``resources`` close, it is ended."""
    errors = resources.enter_context(tempfile.TemporaryFile())  # noqa: SIM115  # open as long as the program runs
    with deferred_signals():
        process = subprocess.Popen(  # noqa: S603  # ssh with an address that the user configured, or podman
            command, stdin=pipe, stdout=pipe, stderr=errors, start_new_session=True
        )
        resources.callback(_end, process)
    return process, lambda: _last_line(errors)


def _listening_program(command: Sequence[str], local: Path, resources: ExitStack) -> Connection:
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
    return Connection(connection, complaint)


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


def _dial_stdio(address: SplitResult, identity: str | None, resources: ExitStack) -> Connection:
    """Connect to the Docker engine that the other machine's own command line uses."""
    ours, theirs = socket.socketpair()
    resources.enter_context(ours)
    with theirs:
        command = [*_SSH, "-T", *_destination(address, identity), "docker", "system", "dial-stdio"]
        _, complaint = start_program(command, theirs.fileno(), resources)
    return Connection(ours, complaint)


def _forward_socket(address: SplitResult, identity: str | None, resources: ExitStack) -> Connection:
    """Connect to a socket of the other machine; raises OSError where ssh fails to forward it."""
    local = locked_folder(resources) / "engine.sock"
    forward = ["-o", "ExitOnForwardFailure=yes", "-nNT", "-L", f"{local}:{address.path}"]
    command = [*_SSH, *forward, *_destination(address, identity)]
    return _listening_program(command, local, resources)


def _destination(address: SplitResult, identity: str | None) -> list[str]:
    """Return the arguments that name the other machine; raises ValueError for a name that ssh takes for an option."""
    host = address.hostname or ""
    if not host or host.startswith("-") or (address.username or "").startswith("-"):
        raise ValueError("no host name")
    key = ["-i", identity] if identity else []
    port = ["-p", str(address.port)] if address.port else []
    return [*key, *port, "--", f"{address.username}@{host}" if address.username else host]


_OPENERS: dict[str, Callable[[Endpoint, SplitResult, ExitStack], Connection]] = {
    "unix": _open_unix,
    "tcp": _open_tcp,
    "http": _open_tcp,
    "https": _open_tcp,
    "ssh": _open_ssh,
}
_SCHEMES = [f"{scheme}://" for scheme in _OPENERS]
