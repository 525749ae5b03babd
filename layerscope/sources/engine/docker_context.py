"""The current context of Docker's command line: https://docs.docker.com/engine/manage-resources/contexts/."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from msgspec import Struct, field

from layerscope.errors import EngineUnavailable
from layerscope.sources.engine.configuration import read_configuration
from layerscope.text import short_name

_DEFAULT = "default"


class _Configuration(Struct, frozen=True, rename="camel"):
    current_context: str = _DEFAULT


class _Address(Struct, frozen=True):
    host: str = field(default="", name="Host")
    skip_tls_verify: bool = field(default=False, name="SkipTLSVerify")


class _Metadata(Struct, frozen=True):
    endpoints: dict[str, _Address] = field(default_factory=dict, name="Endpoints")


@dataclass(frozen=True, slots=True)
class DockerContext:
    """The address of a context's engine, with the folder of its TLS files; ``problem`` says why it cannot be used."""

    host: str
    tls_folder: Path | None = None
    tls_verify: bool = True
    problem: str | None = None


def docker_folder() -> Path:
    """Return the configuration folder of the Docker CLI."""
    folder = os.environ.get("DOCKER_CONFIG")
    return Path(folder) if folder else Path.home() / ".docker"


def current_context() -> DockerContext | None:
    """Return the context in use, None for the default one.

    A context that is named but not defined, or a file that is invalid, is a problem to report: the default engine may
    hold another image of the same name.
    """
    folder = docker_folder()
    name = os.environ.get("DOCKER_CONTEXT", "")
    try:
        if not name:
            configuration = read_configuration(folder / "config.json", _Configuration) or _Configuration()
            name = configuration.current_context
        return None if name in ("", _DEFAULT) else _context(folder, name)
    except EngineUnavailable as error:
        return DockerContext(f"context {short_name(name)}" if name else "its current context", problem=str(error))


def _context(folder: Path, name: str) -> DockerContext:
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()
    metadata = read_configuration(folder / "contexts" / "meta" / digest / "meta.json", _Metadata)
    if metadata is None:
        raise EngineUnavailable("no such context (docker context ls lists them)")
    address = metadata.endpoints.get("docker", _Address())
    if not address.host:
        raise EngineUnavailable("the context has no docker endpoint")
    tls_folder = folder / "contexts" / "tls" / digest / "docker"
    return DockerContext(address.host, tls_folder if tls_folder.is_dir() else None, not address.skip_tls_verify)
