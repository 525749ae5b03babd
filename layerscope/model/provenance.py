"""The build of an image, as its attestations describe it, and the names of its packages."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import unquote

from layerscope.model.documents import Digest

_SCHEME = "pkg:"


class PackageUrl(NamedTuple):
    """A package URL without its qualifiers; ``name`` includes the namespace: ``debian/nginx``, ``@scope/name``."""

    type: str
    name: str
    version: str


def parse_package_url(text: str) -> PackageUrl | None:
    """Return the parts of a package URL, or None if the text is not one."""
    if not text.startswith(_SCHEME):
        return None
    path = text.removeprefix(_SCHEME).lstrip("/").partition("#")[0].partition("?")[0]
    kind, _, rest = path.partition("/")
    at = rest.rfind("@")
    # some write the scope of an npm package without an escape, and no version: ``@scope/name``
    has_version = at > rest.rfind("/")
    name, version = (rest[:at], rest[at + 1 :]) if has_version and at > 0 else (rest, "")
    return PackageUrl(kind.lower(), unquote(name).strip("/"), unquote(version)) if name else None


class Material(NamedTuple):
    """Something that went into a build, such as a base image: its address and its digest, ``sha256:…``."""

    uri: str
    digest: str


class BuiltDockerfile(NamedTuple):
    """The Dockerfile of a build.

    ``chains`` are, by line, the layers of the image that its instruction made: the last one is its own.
    """

    text: str
    chains: Mapping[int, tuple[Digest, ...]]


class Provenance(NamedTuple):
    """The provenance of an image, as its builder states it; ``dockerfile`` is None unless it was recorded in full."""

    builder: str = ""
    source: str = ""
    revision: str = ""
    started: str | None = None
    finished: str | None = None
    build_arguments: Mapping[str, str] = MappingProxyType({})
    target: str | None = None
    materials: tuple[Material, ...] = ()
    dockerfile: BuiltDockerfile | None = None


class StatedPackage(NamedTuple):
    """A package that an SBOM lists; ``type`` is that of its package URL (``deb``, ``pypi``), empty without one."""

    type: str
    name: str
    version: str


class Attestations(NamedTuple):
    """The attestations of one image; ``problems`` are sentences about those that cannot be read or believed.

    ``sbom_packages`` are those of all its SBOMs, sorted; None without one. ``kinds`` are the types of all statements.
    """

    provenance: Provenance | None = None
    sbom_packages: tuple[StatedPackage, ...] | None = None
    problems: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


class RegistryFacts(NamedTuple):
    """Facts about an image that only a registry has, and that cost requests.

    ``attached`` describes the artifacts that refer to the image, ``rate_limit`` is the number of requests that the
    registry's limit leaves, if it states one, and ``problem`` says why artifacts may be missing.
    """

    attestations: Attestations = Attestations()
    attached: tuple[str, ...] = ()
    rate_limit: int | None = None
    problem: str = ""
