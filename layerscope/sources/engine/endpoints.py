"""The addresses of container engines: environment, configuration, the usual sockets.

https://docs.docker.com/reference/cli/docker/#environment-variables;
https://docs.podman.io/en/latest/markdown/podman.1.html#environment-variables
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from layerscope.model.engine import Engine
from layerscope.sources.engine.docker_context import current_context, docker_folder
from layerscope.sources.engine.podman_connection import current_connection
from layerscope.sources.engine.podman_service import SERVICE, is_installed, is_used
from layerscope.text import short_name

_DOCKER_SOCKET = "/var/run/docker.sock"
_DOCKER_SOCKETS_AT_HOME = (
    ".docker/run/docker.sock",
    ".docker/desktop/docker.sock",
    ".colima/default/docker.sock",
    ".rd/docker.sock",
)
"""The sockets of Docker Desktop on macOS and Linux, Colima, and Rancher Desktop."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An engine's address, with what it takes to connect there.

    ``tls_folder`` holds ca.pem, cert.pem and key.pem; ``identity`` is an ssh key. ``problem`` says why the
    address cannot be used. Where ``is_command`` is true, ``host`` is a command that serves as long as it is needed.
    """

    engine: Engine
    host: str
    tls_folder: Path | None = None
    tls_verify: bool = True
    identity: str | None = None
    problem: str | None = None
    is_command: bool = False

    @property
    def is_local(self) -> bool:
        """True if the engine is reached by a socket of this machine, so that its store may be here as well."""
        return self.is_command or self.host.startswith("unix://")

    def __str__(self) -> str:
        return self.host if self.is_command else f"{self.engine} at {short_name(self.host)}"


def endpoints(engine: Engine | None = None) -> Iterator[Endpoint]:
    """Yield the addresses to try, of one engine or of all: first what the user configured, else the usual sockets.

    Podman's service is the last, if the user asks for podman or podman has been used: starting it takes a moment.
    """
    if engine is not Engine.PODMAN:
        yield from _docker()
    if engine is not Engine.DOCKER:
        yield from _podman(may_start=engine is Engine.PODMAN or is_used())


def _docker() -> Iterator[Endpoint]:
    environment = os.environ
    if host := environment.get("DOCKER_HOST"):
        folder, verify = environment.get("DOCKER_CERT_PATH"), bool(environment.get("DOCKER_TLS_VERIFY"))
        uses_tls = folder or verify
        yield Endpoint(Engine.DOCKER, host, (Path(folder) if folder else docker_folder()) if uses_tls else None, verify)
        return
    context = current_context()
    if context is not None:
        yield Endpoint(Engine.DOCKER, context.host, context.tls_folder, context.tls_verify, problem=context.problem)
        return
    runtime = environment.get("XDG_RUNTIME_DIR")
    rootless = [f"{runtime}/docker.sock"] if runtime else []
    sockets = [_DOCKER_SOCKET, *rootless, *(f"{Path.home()}/{name}" for name in _DOCKER_SOCKETS_AT_HOME)]
    found = list(_sockets(Engine.DOCKER, sockets))
    if not found and environment.get("DOCKER_CONTEXT"):
        # an engine that the user names has to be in the answer, with the reason why it is silent
        found = [Endpoint(Engine.DOCKER, f"unix://{_DOCKER_SOCKET}")]
    yield from found


def _podman(*, may_start: bool) -> Iterator[Endpoint]:
    if host := os.environ.get("CONTAINER_HOST"):
        yield Endpoint(Engine.PODMAN, host, identity=os.environ.get("CONTAINER_SSHKEY"))
        return
    connection = current_connection()
    if connection is not None:
        yield Endpoint(Engine.PODMAN, connection.host, identity=connection.identity, problem=connection.problem)
        return
    folders = filter(None, (os.environ.get("XDG_RUNTIME_DIR"), "/run"))
    yield from _sockets(Engine.PODMAN, [f"{folder}/podman/podman.sock" for folder in folders])
    if may_start and is_installed():
        yield Endpoint(Engine.PODMAN, " ".join(SERVICE), is_command=True)


def _sockets(engine: Engine, paths: Iterable[str]) -> Iterator[Endpoint]:
    """Yield those sockets that exist."""
    for path in paths:
        if os.path.exists(path):  # noqa: PTH110  # false where a folder cannot be searched, never an error
            yield Endpoint(engine, f"unix://{path}")
