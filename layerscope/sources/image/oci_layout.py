"""An OCI image layout: ``index.json``, and the indexes, manifests and blobs that it refers to.

https://github.com/opencontainers/image-spec/blob/main/image-layout.md; Docker's schema 2 documents are accepted, too.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from layerscope.errors import FormatError, InvalidManifest, UnsupportedFormat
from layerscope.model.candidate import Candidate
from layerscope.model.digest import Digest
from layerscope.model.documents import Descriptor, ImageConfig, Index, Manifest, Platform, decode
from layerscope.model.image import Image
from layerscope.sources.image.builder import Blueprint, LayerBlob, all_there, build_image
from layerscope.sources.image.files import Files, located, read, read_document, sha256_of
from layerscope.sources.image.manifest_kind import DocumentKind, kind_of, outline_of
from layerscope.sources.image.origin import Origin
from layerscope.text import short_name

INDEX = "index.json"

_DEEPEST = 16
"""Levels of nested indexes that are followed; builders write two or three."""

_MOST_MANIFESTS = 10_000
"""Descriptors in one layout that are followed."""

_CONTAINERD_NAME = "io.containerd.image.name"
_REF_NAME = "org.opencontainers.image.ref.name"
_DOCKER_REFERENCE_TYPE = "vnd.docker.reference.type"
_UNKNOWN = "unknown"

_IMAGE_CONFIGS = ("", "application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json")


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """A file that should hold a manifest, as the index describes it."""

    name: str
    digest: Digest
    tags: tuple[str, ...] = ()
    platform: Platform | None = None
    reference_type: str | None = None


def oci_candidates(files: Files, origin: Origin) -> tuple[Candidate, ...]:
    """Return the images of ``index.json``, in its order; raises FormatError if it cannot be read."""
    return tuple(_candidate(files, origin, file) for file in manifest_files(files))


def manifest_files(files: Files) -> list[ManifestFile]:
    """Return the manifests that ``index.json`` refers to, each once with all its tags."""
    manifests: dict[Digest, ManifestFile] = {}
    for file in _Follow(files).all():
        earlier = manifests.get(file.digest)
        if earlier is not None:
            tags = tuple(dict.fromkeys(earlier.tags + file.tags))
            manifests[file.digest] = replace(earlier, tags=tags)
        else:
            manifests[file.digest] = file
    return list(manifests.values())


class _Follow:
    """The walk from indexes to manifests; an index is read once for each set of tags that refers to it."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._entered: set[tuple[Digest, tuple[str, ...]]] = set()
        self._count = 0

    def all(self) -> Iterator[ManifestFile]:
        data = read(self._files, INDEX)
        if kind_of(data, located(self._files, INDEX)) is DocumentKind.INDEX:
            yield from self._children(data, INDEX, (), 0)
        else:
            yield ManifestFile(INDEX, sha256_of(data))

    def _children(self, data: bytes, name: str, tags: tuple[str, ...], depth: int) -> Iterator[ManifestFile]:
        if depth > _DEEPEST:
            raise InvalidManifest(f"the indexes in {self._files.description} are nested too deeply")
        for descriptor in decode(data, Index, located(self._files, name)).manifests or ():
            self._count += 1
            if self._count > _MOST_MANIFESTS:
                raise InvalidManifest(
                    f"the indexes in {self._files.description} list more than {_MOST_MANIFESTS:,} manifests"
                )
            yield from self._below(descriptor, _tags(descriptor) or tags, depth)

    def _below(self, descriptor: Descriptor, tags: tuple[str, ...], depth: int) -> Iterator[ManifestFile]:
        name = descriptor.digest.blob_name
        data = _index_data(self._files, name)
        if data is None:
            yield ManifestFile(name, descriptor.digest, tags, descriptor.platform, _reference_type(descriptor))
        elif (descriptor.digest, tags) not in self._entered:
            self._entered.add((descriptor.digest, tags))
            yield from self._children(data, name, tags, depth + 1)


def _index_data(files: Files, name: str) -> bytes | None:
    """Return the bytes of an index, else None; a missing or broken file is reported when it is opened."""
    try:
        data = read(files, name)
        return data if kind_of(data, located(files, name)) is DocumentKind.INDEX else None
    except FormatError:
        return None


def _tags(descriptor: Descriptor) -> tuple[str, ...]:
    """Return the full name, else the ref name (which may be just ``v1``)."""
    annotations = descriptor.annotations or {}
    name = annotations.get(_CONTAINERD_NAME) or annotations.get(_REF_NAME)
    return (name,) if name else ()


def _reference_type(descriptor: Descriptor) -> str | None:
    """Return the type of a manifest that describes another one, or None for an independent one."""
    reference_type = (descriptor.annotations or {}).get(_DOCKER_REFERENCE_TYPE)
    if reference_type:
        return reference_type
    platform = descriptor.platform
    return "attestation-manifest" if platform and _UNKNOWN in (platform.os, platform.architecture) else None


def _candidate(files: Files, origin: Origin, file: ManifestFile) -> Candidate:
    candidate = Candidate(
        partial(_build, files, origin, file), tags=file.tags, platform=file.platform, digest=file.digest, complete=False
    )
    if file.reference_type is not None:
        return replace(candidate, set_aside=_attestation(file))
    try:
        manifest = read_manifest(files, file.name)
        candidate = replace(candidate, config_digest=manifest.config.digest)
        config = read_document(files, manifest.config.digest.blob_name, ImageConfig)
    except UnsupportedFormat as error:
        return replace(candidate, set_aside=str(error))
    except FormatError:
        return candidate
    complete = all_there(files, layer_blobs(manifest))
    return replace(candidate, platform=file.platform or config.platform, complete=complete)


def _build(files: Files, origin: Origin, file: ManifestFile) -> Image:
    """Read the documents of one image and build the image."""
    try:
        manifest = read_manifest(files, file.name)
    except UnsupportedFormat as error:
        raise UnsupportedFormat(f"{located(files, file.name)} is not an image but {error}") from error
    if file.reference_type is not None:
        raise UnsupportedFormat(f"{located(files, file.name)} is not an image but {_attestation(file)}")
    config = read_document(files, manifest.config.digest.blob_name, ImageConfig)
    return build_image(
        Blueprint(
            files,
            origin.reference,
            origin.oci,
            config,
            manifest.config.digest,
            layer_blobs(manifest),
            file.tags,
            file.digest,
            file.platform,
            manifest.annotations or {},
        )
    )


def _attestation(file: ManifestFile) -> str:
    return f"an attestation ({short_name(file.reference_type or '')})"


def layer_blobs(manifest: Manifest) -> list[LayerBlob]:
    """Return the layers that the manifest lists."""
    return [
        LayerBlob(layer.digest.blob_name, layer.digest, layer.media_type, layer.size, tuple(layer.urls or ()))
        for layer in manifest.layers
    ]


def read_manifest(files: Files, name: str) -> Manifest:
    """Return the image manifest in the file.

    Raises FormatError if it is missing or broken, and UnsupportedFormat, whose message names the kind of document, if
    it is not an image.
    """
    data = read(files, name)
    location = located(files, name)
    kind = kind_of(data, location)
    if kind is DocumentKind.INDEX:
        raise InvalidManifest(f"{location} is an index instead of a manifest")
    if kind is DocumentKind.SCHEMA_1:
        raise UnsupportedFormat("a Docker schema 1 manifest, an obsolete format: pull the image again")
    if kind is DocumentKind.ARTIFACT:
        raise UnsupportedFormat(_artifact(outline_of(data, location).artifact_type))
    manifest = decode(data, Manifest, location)
    if manifest.config.media_type not in _IMAGE_CONFIGS and not _is_image_config(files, manifest.config):
        raise UnsupportedFormat(_artifact(manifest.config.media_type))
    return manifest


def _artifact(artifact_type: str | None) -> str:
    return f"an artifact of type {short_name(artifact_type or 'unknown')}"


def _is_image_config(files: Files, config: Descriptor) -> bool:
    """Return True if the config belongs to an image in spite of its unknown media type."""
    try:
        return bool(read_document(files, config.digest.blob_name, ImageConfig).diff_ids)
    except FormatError:
        return False
