"""The addresses of container engines: environment, configuration of their command lines, the usual sockets.

https://docs.docker.com/reference/cli/docker/#environment-variables;
https://docs.docker.com/engine/manage-resources/contexts/;
https://docs.podman.io/en/latest/markdown/podman.1.html#environment-variables;
https://docs.podman.io/en/latest/markdown/podman-system-connection.1.html
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import which

from msgspec import Struct, field

from layerscope.errors import EngineUnavailable, SourceError
from layerscope.model.engine import Engine
from layerscope.sources.configuration import containers_folder, docker_folder, read_configuration
from layerscope.text import short_name

PODMAN_SERVICE = ("podman", "system", "service")
"""The command that serves podman's API: podman itself needs no service, and most users start none."""

_DOCKER_SOCKET = "/var/run/docker.sock"
_DOCKER_SOCKETS_AT_HOME = (
    ".docker/run/docker.sock",
    ".docker/desktop/docker.sock",
    ".colima/default/docker.sock",
    ".rd/docker.sock",
)
"""The sockets of Docker Desktop on macOS and Linux, Colima, and Rancher Desktop."""

CONTAINERD_ROOTS = {
    "/run/containerd/containerd.sock": "/var/lib/containerd",
    "/run/k3s/containerd/containerd.sock": "/var/lib/rancher/k3s/agent/containerd",
}
"""The usual sockets of containerd, and the folder of the data behind each."""

CONTAINERD_CONTENT = "io.containerd.content.v1.content"
"""The content store, a folder in that folder."""

_DEFAULT_CONTEXT = "default"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An engine's address, with what it takes to connect there.

    ``tls_folder`` holds ca.pem, cert.pem and key.pem; ``identity`` is an ssh key. ``problem`` says why the
    address cannot be used. Where ``is_command`` is true, ``host`` is a command that serves as long as it is needed.
    ``is_optional``: where another engine answers, nobody misses this one.
    """

    engine: Engine
    host: str
    tls_folder: Path | None = None
    tls_verify: bool = True
    identity: str | None = None
    problem: str | None = None
    is_command: bool = False
    is_optional: bool = False

    @property
    def is_local(self) -> bool:
        """True if the engine is reached by a socket of this machine, so that its store may be here as well."""
        return self.is_command or self.host.startswith("unix://")

    def __str__(self) -> str:
        return self.host if self.is_command else f"{self.engine} at {short_name(self.host)}"


def endpoints(engine: Engine | None = None) -> Iterator[Endpoint]:
    """Yield the addresses to try, of one engine or of all: first what the user configured, else the usual sockets.

    Podman's service is the last of podman, if the user asks for podman or podman has been used: starting it takes a
    moment. Programs speak to containerd, too, and Docker, which may run on top of it, knows more of its images.
    """
    if engine in (None, Engine.DOCKER):
        yield from _docker()
    if engine in (None, Engine.PODMAN):
        yield from _podman(may_start=engine is Engine.PODMAN or _podman_has_run())
    if engine in (None, Engine.CONTAINERD):
        yield from _containerd(is_optional=engine is None)


def _docker() -> Iterator[Endpoint]:
    environment = os.environ
    if host := environment.get("DOCKER_HOST"):
        folder, verify = environment.get("DOCKER_CERT_PATH"), bool(environment.get("DOCKER_TLS_VERIFY"))
        uses_tls = folder or verify
        tls_folder = Path(folder) if folder else docker_folder()
        yield Endpoint(Engine.DOCKER, host, tls_folder if uses_tls else None, verify)
        return
    context = _docker_context()
    if context is not None:
        yield context
        return
    runtime = environment.get("XDG_RUNTIME_DIR")
    rootless = [f"{runtime}/docker.sock"] if runtime else []
    sockets = [_DOCKER_SOCKET, *rootless, *(f"{Path.home()}/{name}" for name in _DOCKER_SOCKETS_AT_HOME)]
    found = list(_sockets(Engine.DOCKER, sockets))
    if not found and environment.get("DOCKER_CONTEXT"):
        # an engine that the user names has to be in the answer, with the reason why it is silent
        found = [Endpoint(Engine.DOCKER, f"unix://{_DOCKER_SOCKET}")]
    yield from found


class _DockerConfiguration(Struct, frozen=True, rename="camel"):
    current_context: str = _DEFAULT_CONTEXT


class _ContextEndpoint(Struct, frozen=True):
    host: str = field(default="", name="Host")
    skip_tls_verify: bool = field(default=False, name="SkipTLSVerify")


class _ContextMetadata(Struct, frozen=True):
    endpoints: dict[str, _ContextEndpoint] = field(default_factory=dict, name="Endpoints")


def _docker_context() -> Endpoint | None:
    """Return the endpoint of the context in use, None for the default one.

    A context that is named but not defined, or a file that is invalid, is a problem to report: the default engine may
    hold another image of the same name.
    """
    folder = docker_folder()
    name = os.environ.get("DOCKER_CONTEXT", "")
    try:
        if not name:
            configuration = read_configuration(folder / "config.json", _DockerConfiguration) or _DockerConfiguration()
            name = configuration.current_context
        return None if name in ("", _DEFAULT_CONTEXT) else _named_context(folder, name)
    except SourceError as error:
        named = f"context {short_name(name)}" if name else "its current context"
        return Endpoint(Engine.DOCKER, named, problem=str(error))


def _named_context(folder: Path, name: str) -> Endpoint:
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()
    metadata = read_configuration(folder / "contexts" / "meta" / digest / "meta.json", _ContextMetadata)
    if metadata is None:
        raise EngineUnavailable("no such context (docker context ls lists them)")
    found = metadata.endpoints.get("docker", _ContextEndpoint())
    if not found.host:
        raise EngineUnavailable("the context has no docker endpoint")
    tls_folder = folder / "contexts" / "tls" / digest / "docker"
    return Endpoint(Engine.DOCKER, found.host, tls_folder if tls_folder.is_dir() else None, not found.skip_tls_verify)


def _podman(*, may_start: bool) -> Iterator[Endpoint]:
    if host := os.environ.get("CONTAINER_HOST"):
        yield Endpoint(Engine.PODMAN, host, identity=os.environ.get("CONTAINER_SSHKEY"))
        return
    connection = _podman_connection()
    if connection is not None:
        yield connection
        return
    folders = filter(None, (os.environ.get("XDG_RUNTIME_DIR"), "/run"))
    yield from _sockets(Engine.PODMAN, [f"{folder}/podman/podman.sock" for folder in folders])
    if may_start and which(PODMAN_SERVICE[0]) is not None:
        yield Endpoint(Engine.PODMAN, " ".join(PODMAN_SERVICE), is_command=True)


def _containerd(*, is_optional: bool) -> Iterator[Endpoint]:
    if host := os.environ.get("CONTAINERD_ADDRESS"):
        yield Endpoint(Engine.CONTAINERD, host if "://" in host else f"unix://{host}")
        return
    for found in _sockets(Engine.CONTAINERD, CONTAINERD_ROOTS):
        yield replace(found, is_optional=is_optional)


class _Destination(Struct, frozen=True):
    uri: str = field(default="", name="URI")
    identity: str | None = field(default=None, name="Identity")


class _Connections(Struct, frozen=True):
    default: str | None = field(default=None, name="Default")
    connections: dict[str, _Destination] | None = field(default=None, name="Connections")


class _ConnectionsFile(Struct, frozen=True):
    connection: _Connections = field(default_factory=_Connections, name="Connection")


def _podman_connection() -> Endpoint | None:
    """Return the connection that CONTAINER_CONNECTION names, else the default one; None where there is none."""
    name = os.environ.get("CONTAINER_CONNECTION")
    try:
        found = (read_configuration(_connections_file(), _ConnectionsFile) or _ConnectionsFile()).connection
        name = name or found.default
        return _named_connection(found, name) if name else None
    except SourceError as error:
        named = f"connection {short_name(name)}" if name else "its default connection"
        return Endpoint(Engine.PODMAN, named, problem=str(error))


def _named_connection(found: _Connections, name: str) -> Endpoint:
    destination = (found.connections or {}).get(name)
    if destination is None or not destination.uri:
        raise EngineUnavailable("no such connection (podman system connection list shows them)")
    return Endpoint(Engine.PODMAN, destination.uri, identity=destination.identity or None)


def _connections_file() -> Path:
    if stated := os.environ.get("PODMAN_CONNECTIONS_CONF"):
        return Path(stated)
    return containers_folder() / "podman-connections.json"


def _podman_has_run() -> bool:
    """Return True if podman has run before as this user: its first run makes folders in the user's home."""
    root = "/var/lib" if os.geteuid() == 0 else os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return os.path.isdir(Path(root, "containers", "storage"))  # noqa: PTH112  # false where a folder cannot be searched


def _sockets(engine: Engine, paths: Iterable[str]) -> Iterator[Endpoint]:
    """Yield those sockets that exist."""
    for path in paths:
        if os.path.exists(path):  # noqa: PTH110  # false where a folder cannot be searched, never an error
            yield Endpoint(engine, f"unix://{path}")
