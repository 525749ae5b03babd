"""The request of a user to open an image, and the forms of its reference."""

import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from msgspec import Struct

from layerscope.errors import ImageNotFound, UsageError
from layerscope.model.candidate import Candidate
from layerscope.model.documents import Digest
from layerscope.model.engine import Engine
from layerscope.model.image import FileSpan, Image, Layer
from layerscope.sources.image.choice import named
from layerscope.sources.image.name import ImageName
from layerscope.text import short_name

if TYPE_CHECKING:
    from layerscope.sources.image.archive import Outline

STANDARD_INPUT = "-"
REGISTRY = "registry://"

_ENGINE_PREFIXES = {
    "docker://": Engine.DOCKER,
    "podman://": Engine.PODMAN,
    "containerd://": Engine.CONTAINERD,
    "docker-daemon:": Engine.DOCKER,
    "containers-storage:": Engine.PODMAN,
}
"""The last two are skopeo's, as are `_TRANSPORTS`.

https://github.com/containers/image/blob/main/docs/containers-transports.5.md
"""

_CONTAINER = "container://"

_CONTAINER_NAME = re.compile(r"[a-zA-Z0-9][\w.-]*", re.ASCII)
"""Other names would be taken for another path of the API; the engines allow no others."""

_TRANSPORTS = ("docker-archive:", "oci-archive:", "oci:", "dir:")
"""The format is detected from the content, so that all of them are a path, and some an image in it."""


class KnownImages(Protocol):
    """The images that earlier runs have read."""

    def engine_image(self, engine_key: str) -> Image | None:
        """Return an engine's image, if its layers are known; they have no content then."""

    def outline(self, archive: FileSpan) -> "Outline | None":
        """Return the outline of a compressed archive, if it is known."""

    def has_layers(self, layers: Sequence[Layer]) -> bool:
        """Return whether the entries of all the layers are known."""

    def document(self, digest: Digest) -> bytes | None:
        """Return a document of a registry, if it is known."""

    def keep_document(self, digest: Digest, data: bytes, reference: str) -> None:
        """Keep a document of a registry whose bytes have the digest."""

    def has_diff_id(self, digest: Digest, diff_id: Digest) -> bool:
        """Return whether it is known that a blob's bytes, decompressed, have the diff_id."""


class Request(Struct, frozen=True):
    """A reference as the user typed it, and the options that say where to look: the engine, the platform.

    The layers of ``known`` images are not asked for before their content is needed.
    """

    reference: str
    engine: Engine | None = None
    platform: str | None = None
    known: KnownImages | None = None

    @property
    def title(self) -> str:
        """The name for messages."""
        return "standard input" if self.reference == STANDARD_INPUT else short_name(self.reference)


class EngineReference(Struct, frozen=True):
    """An image or a container by name, in one engine or in any."""

    name: str
    engine: Engine | None = None

    @property
    def repository(self) -> str:
        """The name of an image without its tag, and without the namespace of containerd, whose names are full ones."""
        rest = self.name.partition("/")[2] if self.engine is Engine.CONTAINERD else ""
        written = ImageName.as_written(rest)
        name = ImageName.parse(rest if written and written.domain else self.name)
        return name.repository if name else self.name


def parse_reference(reference: str, engine: Engine | None = None) -> EngineReference | None:
    """Return the image of ``docker://NAME``, the same of another engine, or ``NAME``; None for anything else.

    Raises UsageError where ``engine`` contradicts the prefix.
    """
    for prefix, named_engine in _ENGINE_PREFIXES.items():
        if reference.startswith(prefix):
            name = reference.removeprefix(prefix)
            return EngineReference(name, _agreed(named_engine, engine, reference)) if ImageName.parse(name) else None
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


class TransportPath(NamedTuple):
    """A path, and the image in it: a tag, or ``@N`` for its position."""

    path: str
    image: str

    def select(self, candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
        """Return the candidates that the reference names; raises ImageNotFound where there is none."""
        if not self.image:
            return tuple(candidates)
        position = self.image.removeprefix("@")
        if self.image.startswith("@") and position.isdecimal():
            found = list(candidates)[int(position) :][:1]
        else:
            found = named(candidates, self.image)
        if not found:
            raise ImageNotFound(f"{short_name(self.path)} holds no image {short_name(self.image)}")
        return tuple(found)


def parse_transport(reference: str) -> TransportPath | None:
    """Return the path and the image of a transport's name; None for anything else.

    A path may hold colons, so that the longest one that exists is taken.
    """
    transport = next(filter(reference.startswith, _TRANSPORTS), None)
    if transport is None:
        return None
    rest = reference.removeprefix(transport)
    path, image = rest, ""
    while ":" in path and not os.path.lexists(path):
        path, _, last = path.rpartition(":")
        image = f"{last}:{image}" if image else last
    return TransportPath(path, image) if os.path.lexists(path) else TransportPath(*rest.partition(":")[::2])
