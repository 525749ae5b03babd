"""Sockets to container engines: a Unix socket, TCP, TLS, or a pipe through ssh.

Addresses are written as DOCKER_HOST and CONTAINER_HOST have them: ``unix:///run/docker.sock``, ``tcp://10.0.0.5:2376``,
``ssh://user@host``, ``ssh://user@host/run/podman/podman.sock``.
https://docs.docker.com/engine/security/protect-access/
"""

import socket
import ssl
from collections.abc import Callable
from contextlib import ExitStack
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from layerscope.errors import EngineUnavailable
from layerscope.sources.engine import relay
from layerscope.sources.engine.endpoints import Endpoint

CONNECT_SECONDS = 10.0
"""An engine that does not answer for so long is taken for one that does not work."""

_TLS_PORT, _PLAIN_PORT = 2376, 2375


class Connection(NamedTuple):
    """A socket on which an engine speaks HTTP; ``complaint`` returns what a program between said last, or nothing."""

    socket: socket.socket
    complaint: Callable[[], str] = str


def open_connection(endpoint: Endpoint, resources: ExitStack) -> Connection:
    """Connect to an engine; ``resources`` own the socket, and the processes and files behind it.

    Raises EngineUnavailable with the address and the reason.
    """
    if endpoint.problem is not None:
        raise EngineUnavailable(f"{endpoint}: {endpoint.problem}")
    try:
        if endpoint.is_command:
            return Connection(*relay.start_podman_service(resources))
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
    connect = relay.forward_socket if address.path.strip("/") else relay.dial_stdio
    return Connection(*connect(address, endpoint.identity, resources))


_OPENERS: dict[str, Callable[[Endpoint, SplitResult, ExitStack], Connection]] = {
    "unix": _open_unix,
    "tcp": _open_tcp,
    "http": _open_tcp,
    "https": _open_tcp,
    "ssh": _open_ssh,
}
_SCHEMES = [f"{scheme}://" for scheme in _OPENERS]
