"""What the attestations in an image say about how it was built."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from layerscope.model.digest import Digest


@dataclass(frozen=True, slots=True)
class Material:
    """Something that went into a build, such as a base image: its address and its digest, ``sha256:…``."""

    uri: str
    digest: str


@dataclass(frozen=True, slots=True)
class BuiltDockerfile:
    """The Dockerfile of a build.

    ``chains`` are, by line, the layers of the image that its instruction made: the last one is its own.
    """

    text: str
    chains: Mapping[int, tuple[Digest, ...]]


@dataclass(frozen=True, slots=True)
class Provenance:
    """The provenance of an image, as its builder states it; ``dockerfile`` is None unless it was recorded in full."""

    builder: str = ""
    source: str = ""
    revision: str = ""
    started: str | None = None
    finished: str | None = None
    build_arguments: Mapping[str, str] = field(default_factory=dict)
    target: str | None = None
    materials: tuple[Material, ...] = ()
    dockerfile: BuiltDockerfile | None = None


@dataclass(frozen=True, slots=True)
class Attestations:
    """The attestations of one image; ``problems`` are sentences about those that cannot be read or believed.

    ``sbom_packages`` are names with versions; None without an SBOM.
    """

    provenance: Provenance | None = None
    sbom_packages: frozenset[tuple[str, str]] | None = None
    problems: tuple[str, ...] = ()
