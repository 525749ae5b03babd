"""The current context of the Docker CLI, read from its configuration folder.

https://docs.docker.com/engine/manage-resources/contexts/. The SDK could read it, too, but takes 186 ms to
import.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct, field

T = TypeVar("T")

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
    """The engine's address in a context, with the folder of its TLS files if it has one."""

    host: str
    tls_folder: Path | None
    tls_verify: bool


def docker_folder() -> Path:
    """Return the configuration folder of the Docker CLI."""
    folder = os.environ.get("DOCKER_CONFIG")
    return Path(folder) if folder else Path.home() / ".docker"


def current_context() -> DockerContext | None:
    """Return the current context; None for the default one and for one that cannot be read."""
    folder = docker_folder()
    configuration = _read(folder / "config.json", _Configuration, _Configuration())
    name = os.environ.get("DOCKER_CONTEXT") or configuration.current_context
    if name in ("", _DEFAULT):
        return None
    encoded_name = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()
    metadata = _read(folder / "contexts" / "meta" / encoded_name / "meta.json", _Metadata, _Metadata())
    address = metadata.endpoints.get("docker", _Address())
    if not address.host:
        return None
    tls_folder = folder / "contexts" / "tls" / encoded_name / "docker"
    return DockerContext(address.host, tls_folder if tls_folder.is_dir() else None, not address.skip_tls_verify)


def _read(file: Path, kind: type[T], default: T) -> T:
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return default
