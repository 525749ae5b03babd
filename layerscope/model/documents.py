"""The JSON documents of an image, decoded and validated.

OCI image-spec: https://github.com/opencontainers/image-spec (index, manifest, descriptor, config).
``manifest.json`` in a ``docker save`` archive: https://github.com/moby/docker-image-spec.
Unused fields are left out; unknown ones are ignored, as the spec requires.
"""

import re
from functools import lru_cache
from typing import Annotated, Any, Self, TypeVar, final

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import force_setattr

from layerscope.errors import InvalidManifest

_GRAMMAR = re.compile(r"(?P<algorithm>[a-z0-9]+(?:[+._-][a-z0-9]+)*):(?P<encoded>[a-zA-Z0-9=_-]+)")
_HEX_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}

_SHOWN = 100
"""Characters of an invalid digest that an error message repeats."""


@final
class Digest:
    """A digest as an image states it; only its syntax has been checked.

    This is not a dataclass because msgspec would then expect a JSON object instead of a string.
    """

    __slots__ = ("algorithm", "encoded")

    def __init__(self, algorithm: str, encoded: str) -> None:
        self.algorithm = algorithm
        self.encoded = encoded

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the digest that the text states.

        Raises ValueError for an invalid digest, because a file name is derived from it.
        """
        match = _GRAMMAR.fullmatch(text)
        if match is None:
            raise ValueError(f"{text[:_SHOWN]!r} is not a digest")
        algorithm, encoded = match["algorithm"], match["encoded"]
        length = _HEX_LENGTHS.get(algorithm)
        if length is not None and not re.fullmatch(f"[a-f0-9]{{{length}}}", encoded):
            raise ValueError(f"{text[:_SHOWN]!r} is not a {algorithm} digest")
        return cls(algorithm, encoded)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Digest) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def __repr__(self) -> str:
        return f"Digest({self.algorithm!r}, {self.encoded!r})"

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.encoded}"

    @property
    def blob_name(self) -> str:
        """The name of the blob's file in an OCI image layout."""
        return f"blobs/{self.algorithm}/{self.encoded}"

    @property
    def short(self) -> str:
        """The first twelve characters of the encoded part, as engines print them."""
        return self.encoded[:12]


T = TypeVar("T")

_LARGEST = (1 << 63) - 1

Size = Annotated[int, Meta(ge=0)]
Number = Annotated[int, Meta(ge=-_LARGEST, le=_LARGEST)]
"""An integer of 64 bits, so that arithmetic with it neither overflows nor takes long."""

Strings = dict[str, str]


_ZERO_TIME = "0001-01-01T00:00:00"
"""The value of a time in Go that was never set."""


_MOST_TEXTS = 4_096
"""Texts that are kept to be shared: the documents of an image of 65,535 layers repeat the same few."""

_shared = lru_cache(_MOST_TEXTS)(str)


def is_zero_time(text: str | None) -> bool:
    """Return True for Go's zero time, which means an unknown time in the documents of an image."""
    return text is not None and text.startswith(_ZERO_TIME)


class Platform(Struct, frozen=True, rename={"os_version": "os.version"}):
    """The kind of machine an image runs on; printed as ``linux/arm64/v8``."""

    os: str = ""
    architecture: str = ""
    variant: str | None = None
    os_version: str | None = None

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)


class Descriptor(Struct, frozen=True, rename="camel"):
    """A reference to a blob; its media type and size are claims."""

    digest: Digest
    media_type: str = ""
    size: Size | None = None
    annotations: Strings | None = None
    platform: Platform | None = None
    artifact_type: str | None = None
    urls: list[str] | None = None

    def __post_init__(self) -> None:
        """Share the text of a media type."""
        force_setattr(self, "media_type", _shared(self.media_type))


class Index(Struct, frozen=True, rename="camel"):
    """An OCI image index or a Docker manifest list."""

    manifests: list[Descriptor] | None = None
    media_type: str = ""
    annotations: Strings | None = None


class Manifest(Struct, frozen=True, rename="camel"):
    """An OCI image manifest or a Docker schema 2 manifest."""

    config: Descriptor
    layers: list[Descriptor] | None = None
    media_type: str = ""
    artifact_type: str | None = None
    annotations: Strings | None = None
    subject: Descriptor | None = None


class HistoryEntry(Struct, frozen=True):
    """One line of a config's history."""

    created: str | None = None
    created_by: str | None = None
    author: str | None = None
    comment: str | None = None
    empty_layer: bool | None = None

    def __post_init__(self) -> None:
        """Drop a time that is unknown, and share the text of the others."""
        known = self.created is not None and not is_zero_time(self.created)
        force_setattr(self, "created", _shared(self.created) if known else None)


class RootFS(Struct, frozen=True):
    """The digests of the uncompressed layers, base first."""

    type: str = "layers"
    diff_ids: list[Digest] | None = None


class Healthcheck(Struct, frozen=True, rename="pascal"):
    """The command that checks a container's health; times in nanoseconds."""

    test: list[str] | None = None
    interval: Number | None = None
    timeout: Number | None = None
    start_period: Number | None = None
    start_interval: Number | None = None
    retries: Number | None = None


class RunConfig(Struct, frozen=True, rename="pascal"):
    """The settings that a container of the image starts with."""

    user: str | None = None
    env: list[str] | None = None
    cmd: list[str] | str | None = None
    entrypoint: list[str] | str | None = None
    working_dir: str | None = None
    labels: Strings | None = None
    exposed_ports: dict[str, Any] | None = None
    volumes: dict[str, Any] | None = None
    stop_signal: str | None = None
    stop_timeout: Number | None = None
    healthcheck: Healthcheck | None = None
    shell: list[str] | None = None
    on_build: list[str] | None = None


class ImageConfig(Struct, frozen=True):
    """An image config: platform, run parameters, diff_ids and history."""

    architecture: str = ""
    os: str = ""
    variant: str | None = None
    created: str | None = None
    author: str | None = None
    config: RunConfig | None = None
    rootfs: RootFS | None = None
    history: list[HistoryEntry] | None = None

    def __post_init__(self) -> None:
        """Drop a time that is unknown."""
        if is_zero_time(self.created):
            force_setattr(self, "created", None)

    @property
    def platform(self) -> Platform:
        return Platform(self.os, self.architecture, self.variant)

    @property
    def diff_ids(self) -> list[Digest]:
        """The diff_ids, base first; empty if there are none."""
        return (self.rootfs.diff_ids if self.rootfs else None) or []


class LayerSource(Struct, frozen=True, rename="camel"):
    """The description of a layer in the ``manifest.json`` of Docker 25 and later."""

    digest: Digest
    media_type: str = ""
    size: Size | None = None
    urls: list[str] | None = None


class DockerArchiveManifest(Struct, frozen=True, rename="pascal"):
    """One image in the ``manifest.json`` of a ``docker save`` archive."""

    config: str
    layers: list[str] | None = None
    repo_tags: list[str] | None = None
    layer_sources: dict[str, LayerSource] | None = None


_MOST_DIGESTS = 4_096
"""Digests that are kept to be shared: the documents of one image repeat each several times."""

_digest = lru_cache(_MOST_DIGESTS)(Digest.parse)


def _decode_hook(kind: type, value: object) -> object:
    if kind is Digest and isinstance(value, str):
        return _digest(value)
    raise TypeError(f"cannot be read as {kind.__name__}")


def docker_manifests(entries: list[dict[str, Any]], name: str) -> list[DockerArchiveManifest]:
    """Return the images of the list in the file ``name``.

    The case of keys is ignored as Go's decoder does, because old Jib writes them in lower case. Raises InvalidManifest.
    """
    keys = {field.encode_name.lower(): field.encode_name for field in msgspec.structs.fields(DockerArchiveManifest)}
    renamed = [{keys.get(key.lower(), key): value for key, value in entry.items()} for entry in entries]
    try:
        return msgspec.convert(renamed, list[DockerArchiveManifest], dec_hook=_decode_hook)
    except msgspec.ValidationError as error:
        raise InvalidManifest(f"cannot read {name}: {error}") from error


def decode(data: bytes, kind: type[T], name: str) -> T:
    """Return the document of the given type in the bytes of the file ``name``.

    Raises InvalidManifest, with the JSON path, if the bytes are not such a document.
    """
    try:
        return msgspec.json.decode(data, type=kind, dec_hook=_decode_hook)
    except RecursionError as error:
        raise InvalidManifest(f"{name} is nested too deeply") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidManifest(f"cannot read {name}: {error}") from error
