"""References to images of a local engine."""

from msgspec import Struct

from layerscope.sources.image.name import ImageName

DOCKER = "docker"
PODMAN = "podman"
ENGINES = (DOCKER, PODMAN)
"""The supported engines, in the order in which they are tried."""


class EngineReference(Struct, frozen=True):
    """An image by name, in one engine or in any."""

    name: str
    engine: str | None = None


def parse_reference(reference: str) -> EngineReference | None:
    """Return the image of ``docker://NAME``, ``podman://NAME`` or ``NAME``; None for anything else."""
    scheme, separator, name = reference.rpartition("://")
    if separator and scheme not in ENGINES:
        return None
    return EngineReference(name, scheme or None) if ImageName.parse(name) else None
