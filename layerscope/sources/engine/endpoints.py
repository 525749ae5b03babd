"""The addresses of container engines: environment, Docker's current context, default sockets.

https://docs.docker.com/reference/cli/docker/#environment-variables;
https://docs.podman.io/en/latest/markdown/podman-system-service.1.html
"""

import os
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from layerscope.errors import os_reason
from layerscope.sources.engine.docker_context import current_context, docker_folder
from layerscope.sources.engine.reference import DOCKER, PODMAN
from layerscope.text import short_name

_DOCKER_SOCKET = "unix:///var/run/docker.sock"
_PODMAN_SOCKET = "/podman/podman.sock"
_UNIX = "unix://"
_CONNECT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An engine's address, with the folder of its TLS files if it has one."""

    engine: str
    host: str
    tls_folder: Path | None = None
    tls_verify: bool = True

    def __str__(self) -> str:
        return f"{self.engine} at {short_name(self.host)}"

    def refusal(self) -> str | None:
        """Return why a local socket cannot be used, or None; other addresses are not tried here."""
        if not self.host.startswith(_UNIX):
            return None
        with closing(socket.socket(socket.AF_UNIX)) as connection:
            connection.settimeout(_CONNECT_SECONDS)
            return _connect(connection, self.host.removeprefix(_UNIX))


def _connect(connection: socket.socket, path: str) -> str | None:
    try:
        connection.connect(path)
    except FileNotFoundError:
        return "no such socket"
    except PermissionError:
        return "permission denied; add yourself to the group that owns the socket"
    except ConnectionRefusedError:
        return "connection refused"
    except OSError as error:
        return os_reason(error)
    return None


def endpoints(engine: str | None = None) -> Iterator[Endpoint]:
    """Yield the addresses to try, for one engine or for all."""
    if engine in (None, DOCKER):
        yield _docker()
    if engine in (None, PODMAN):
        yield from _podman()


def _docker() -> Endpoint:
    """Return the address that the Docker CLI would use."""
    environment = os.environ
    if host := environment.get("DOCKER_HOST"):
        folder, verify = environment.get("DOCKER_CERT_PATH"), bool(environment.get("DOCKER_TLS_VERIFY"))
        return Endpoint(
            DOCKER, host, (Path(folder) if folder else docker_folder()) if folder or verify else None, verify
        )
    context = current_context()
    if context is None:
        return Endpoint(DOCKER, _DOCKER_SOCKET)
    return Endpoint(DOCKER, context.host, context.tls_folder, context.tls_verify)


def _podman() -> Iterator[Endpoint]:
    if host := os.environ.get("CONTAINER_HOST"):
        yield Endpoint(PODMAN, host)
        return
    for folder in filter(None, (os.environ.get("XDG_RUNTIME_DIR"), "/run")):
        yield Endpoint(PODMAN, f"{_UNIX}{folder}{_PODMAN_SOCKET}")
