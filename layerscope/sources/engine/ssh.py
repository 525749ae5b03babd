"""Sockets to container engines on other machines, through the ssh command.

Docker's command line relays its API over standard input and output (``docker system dial-stdio``); podman's addresses
name the socket on the other machine, which ssh forwards to one here.
"""

import socket
from contextlib import ExitStack
from urllib.parse import SplitResult

from layerscope.sources.engine.relay import Relay, listening_program, start_program
from layerscope.temporary import locked_folder

_SSH = ("ssh", "-o", "ConnectTimeout=10", "-o", "BatchMode=yes")
"""In batch mode ssh asks nothing: an unknown host key or a missing key is an error, not a prompt behind the screen."""


def dial_stdio(address: SplitResult, identity: str | None, resources: ExitStack) -> Relay:
    """Connect to the Docker engine that the other machine's own command line uses."""
    ours, theirs = socket.socketpair()
    resources.enter_context(ours)
    with theirs:
        command = [*_SSH, "-T", *_destination(address, identity), "docker", "system", "dial-stdio"]
        program = start_program(command, theirs.fileno(), resources)
    return Relay(ours, program.complaint)


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
    return listening_program(command, local, resources)


def _destination(address: SplitResult, identity: str | None) -> list[str]:
    """Return the arguments that name the other machine; raises ValueError for a name that ssh takes for an option."""
    host = address.hostname or ""
    if not host or host.startswith("-") or (address.username or "").startswith("-"):
        raise ValueError("no host name")
    key = ["-i", identity] if identity else []
    port = ["-p", str(address.port)] if address.port else []
    return [*key, *port, "--", f"{address.username}@{host}" if address.username else host]
