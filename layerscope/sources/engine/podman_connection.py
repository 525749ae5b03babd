"""The connection that podman's command line would use.

https://docs.podman.io/en/latest/markdown/podman-system-connection.1.html
"""

import os
from dataclasses import dataclass
from pathlib import Path

from msgspec import Struct, field

from layerscope.errors import EngineUnavailable
from layerscope.sources.engine.configuration import read_configuration
from layerscope.text import short_name


class _Destination(Struct, frozen=True):
    uri: str = field(default="", name="URI")
    identity: str | None = field(default=None, name="Identity")


class _Connections(Struct, frozen=True):
    default: str | None = field(default=None, name="Default")
    connections: dict[str, _Destination] | None = field(default=None, name="Connections")


class _File(Struct, frozen=True):
    connection: _Connections = field(default_factory=_Connections, name="Connection")


@dataclass(frozen=True, slots=True)
class PodmanConnection:
    """The address of a connection's engine, with an ssh key; ``problem`` says why it cannot be used."""

    host: str
    identity: str | None = None
    problem: str | None = None


def current_connection() -> PodmanConnection | None:
    """Return the connection that CONTAINER_CONNECTION names, else the default one; None where there is none."""
    name = os.environ.get("CONTAINER_CONNECTION")
    try:
        found = (read_configuration(_file(), _File) or _File()).connection
        name = name or found.default
        return _connection(found, name) if name else None
    except EngineUnavailable as error:
        named = f"connection {short_name(name)}" if name else "its default connection"
        return PodmanConnection(named, problem=str(error))


def _connection(found: _Connections, name: str) -> PodmanConnection:
    destination = (found.connections or {}).get(name)
    if destination is None or not destination.uri:
        raise EngineUnavailable("no such connection (podman system connection list shows them)")
    return PodmanConnection(destination.uri, destination.identity or None)


def _file() -> Path:
    if stated := os.environ.get("PODMAN_CONNECTIONS_CONF"):
        return Path(stated)
    configuration = os.environ.get("XDG_CONFIG_HOME")
    folder = Path(configuration) if configuration else Path.home() / ".config"
    return folder / "containers" / "podman-connections.json"
