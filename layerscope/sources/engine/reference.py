"""References to images and containers of a local engine."""

import re

from msgspec import Struct

from layerscope.errors import UsageError
from layerscope.model.engine import Engine
from layerscope.sources.image.name import ImageName
from layerscope.text import short_name

_PREFIXES = {
    "docker://": Engine.DOCKER,
    "podman://": Engine.PODMAN,
    "docker-daemon:": Engine.DOCKER,
    "containers-storage:": Engine.PODMAN,
}
"""The last two are skopeo's: https://github.com/containers/image/blob/main/docs/containers-transports.5.md."""

_CONTAINER = "container://"

_CONTAINER_NAME = re.compile(r"[a-zA-Z0-9][\w.-]*", re.ASCII)
"""Other names would be taken for another path of the API; the engines allow no others."""


class EngineReference(Struct, frozen=True):
    """An image or a container by name, in one engine or in any."""

    name: str
    engine: Engine | None = None


def parse_reference(reference: str, engine: Engine | None = None) -> EngineReference | None:
    """Return the image of ``docker://NAME``, ``podman://NAME`` or ``NAME``; None for anything else.

    Raises UsageError where ``engine`` contradicts the prefix.
    """
    for prefix, named in _PREFIXES.items():
        if reference.startswith(prefix):
            name = reference.removeprefix(prefix)
            return EngineReference(name, _agreed(named, engine, reference)) if ImageName.parse(name) else None
    return EngineReference(reference, engine) if ImageName.parse(reference) else None


def parse_container(reference: str, engine: Engine | None = None) -> EngineReference | None:
    """Return the container of ``container://NAME`` or ``container://podman/NAME``; None for anything else.

    Raises UsageError where no container has such a name, or ``engine`` contradicts the engine in the reference.
    """
    if not reference.startswith(_CONTAINER):
        return None
    first, separator, name = reference.removeprefix(_CONTAINER).partition("/")
    if separator and first in list(Engine):
        engine = _agreed(Engine(first), engine, reference)
    else:
        name = reference.removeprefix(_CONTAINER)
    if not _CONTAINER_NAME.fullmatch(name):
        raise UsageError(f"{short_name(reference)} is not the name of a container")
    return EngineReference(name, engine)


def _agreed(named: Engine, engine: Engine | None, reference: str) -> Engine:
    if engine not in (None, named):
        raise UsageError(f"--engine {engine} and {reference} name two engines")
    return named
