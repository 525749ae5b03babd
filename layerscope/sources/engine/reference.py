"""What a user writes for an image of a local engine."""

from dataclasses import dataclass

from layerscope.sources.image.name import ImageName

DOCKER = "docker"
PODMAN = "podman"
ENGINES = (DOCKER, PODMAN)
"""The engines that are known, in the order in which they are asked."""


@dataclass(frozen=True, slots=True)
class EngineReference:
    """An image by name, in one engine or in whichever has it."""

    name: str
    engine: str | None = None


def parse_reference(reference: str) -> EngineReference | None:
    """Return the image that ``docker://NAME``, ``podman://NAME`` or a plain ``NAME`` means, or None."""
    scheme, separator, name = reference.rpartition("://")
    if separator and scheme not in ENGINES:
        return None
    return EngineReference(name, scheme or None) if ImageName.parse(name) else None
