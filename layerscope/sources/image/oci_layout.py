"""An OCI image layout: ``index.json``, and the indexes, manifests and blobs that it refers to.

https://github.com/opencontainers/image-spec/blob/main/image-layout.md; Docker's schema 2 documents are accepted, too.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from layerscope.errors import FormatError, InvalidManifest, UnsupportedFormat
from layerscope.model.candidate import Candidate
from layerscope.model.documents import Descriptor, Digest, ImageConfig, Index, Manifest, Platform
from layerscope.model.image import Claim, Image
from layerscope.model.provenance import Attestations
from layerscope.sources.image.builder import Blueprint, Completeness, LayerBlob, Origin, build_image, check_layer_count
from layerscope.sources.image.documents import Documents, located
from layerscope.sources.image.manifest_kind import (
    DocumentKind,
    KindFields,
    artifact_named,
    artifact_of,
    descriptor_artifact,
    kind_of,
)
from layerscope.text import short_name

INDEX = "index.json"

_DEEPEST = 16
"""Levels of nested indexes that are followed; builders write two or three."""

_MOST_MANIFESTS = 10_000
"""Descriptors in one layout that are followed."""

INDEX_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_CONTAINERD_NAME = "io.containerd.image.name"
_REF_NAME = "org.opencontainers.image.ref.name"
_DOCKER_REFERENCE_TYPE = "vnd.docker.reference.type"
_DOCKER_REFERENCE_DIGEST = "vnd.docker.reference.digest"
_UNKNOWN = "unknown"

ATTESTATION = "an attestation"
"""The start of what is said of a manifest that describes another one."""


class ManifestFile(Struct, frozen=True):
    """A file that should hold a manifest, as its descriptor describes it; ``indexes`` are those that lead to it."""

    name: str
    digest: Digest
    descriptor: Descriptor | None = None
    tags: tuple[str, ...] = ()
    indexes: frozenset[Digest] = frozenset()
    attestations: tuple[str, ...] = ()
    """The files of the manifests that describe this one."""

    @property
    def platform(self) -> Platform | None:
        return self.descriptor.platform if self.descriptor else None

    @property
    def described(self) -> str | None:
        """The digest of the manifest that this one is about, or None for an independent one."""
        annotations = (self.descriptor.annotations if self.descriptor else None) or {}
        return annotations.get(_DOCKER_REFERENCE_DIGEST)


def oci_candidates(documents: Documents, origin: Origin, start: Digest | None = None) -> tuple[Candidate, ...]:
    """Return the images of ``index.json``, or of the document ``start``; raises FormatError if it cannot be read."""
    completeness = Completeness(documents.files)
    files = manifest_files(documents, start, reads_all=not origin.is_remote)
    return tuple(_candidate(documents, origin, file, completeness, start) for file in files)


def manifest_files(documents: Documents, start: Digest | None = None, *, reads_all: bool = True) -> list[ManifestFile]:
    """Return the manifests that ``index.json``, or ``start``, refers to, each once with all its tags.

    Each knows the files of its attestations, which are listed as well. Unless it ``reads_all``, a document that a
    descriptor calls a manifest is not read: registries count requests for manifests.
    """
    manifests: dict[Digest, ManifestFile] = {}
    follow = _Follow(documents, reads_all=reads_all)
    for file in follow.all(start.blob_name if start else INDEX):
        earlier = manifests.get(file.digest)
        if earlier is not None:
            tags = tuple(dict.fromkeys(earlier.tags + file.tags))
            manifests[file.digest] = replace(earlier, tags=tags)
        else:
            manifests[file.digest] = file
    describing: dict[str, list[str]] = {}
    for file in manifests.values():
        if file.described:
            describing.setdefault(file.described, []).append(file.name)
    return [
        replace(
            file,
            indexes=follow.indexes_of(file.digest),
            attestations=tuple(describing.get(str(file.digest), ())),
        )
        for file in manifests.values()
    ]


class _Follow:
    """The walk from indexes to manifests; an index is read once for each set of tags that refers to it."""

    def __init__(self, documents: Documents, *, reads_all: bool) -> None:
        self._documents = documents
        self._reads_all = reads_all
        self._entered: set[tuple[Digest, tuple[str, ...]]] = set()
        self._count = 0
        self._parents: dict[Digest, set[Digest]] = {}
        self._ancestors: dict[frozenset[Digest], frozenset[Digest]] = {}

    def all(self, name: str) -> Iterator[ManifestFile]:
        """Yield the manifests in the order of the indexes, from the file ``name`` on."""
        if kind_of(self._documents, name) is DocumentKind.INDEX:
            yield from self._children(name, None, (), 0)
        else:
            yield ManifestFile(name, self._documents.digest(name))

    def indexes_of(self, digest: Digest) -> frozenset[Digest]:
        """Return the indexes that lead to a manifest, directly or by other indexes."""
        parents = frozenset(self._parents.get(digest, ()))
        if parents not in self._ancestors:
            ancestors, pending = set(parents), list(parents)
            while pending:
                new = self._parents.get(pending.pop(), set()) - ancestors
                ancestors |= new
                pending += new
            self._ancestors[parents] = frozenset(ancestors)
        return self._ancestors[parents]

    def _children(self, name: str, index: Digest | None, tags: tuple[str, ...], depth: int) -> Iterator[ManifestFile]:
        description = self._documents.files.description
        if depth > _DEEPEST:
            raise InvalidManifest(f"the indexes in {description} are nested too deeply")
        for descriptor in self._documents.document(name, Index).manifests or ():
            self._count += 1
            if self._count > _MOST_MANIFESTS:
                raise InvalidManifest(f"the indexes in {description} list more than {_MOST_MANIFESTS:,} manifests")
            if index is not None:
                self._parents.setdefault(descriptor.digest, set()).add(index)
            yield from self._below(descriptor, _tags(descriptor) or tags, depth)

    def _below(self, descriptor: Descriptor, tags: tuple[str, ...], depth: int) -> Iterator[ManifestFile]:
        digest = descriptor.digest
        if not self._is_index(descriptor):
            yield ManifestFile(digest.blob_name, digest, descriptor, tags)
        elif (digest, tags) not in self._entered:
            self._entered.add((digest, tags))
            yield from self._children(digest.blob_name, digest, tags, depth + 1)

    def _is_index(self, descriptor: Descriptor) -> bool:
        """Return True for an index; a missing or broken file is reported when it is opened."""
        if not self._reads_all:
            return descriptor.media_type in INDEX_TYPES
        name = descriptor.digest.blob_name
        try:
            if kind_of(self._documents, name) is not DocumentKind.INDEX:
                return False
            self._documents.document(name, Index)
        except FormatError:
            return False
        return True


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


def _candidate(
    documents: Documents, origin: Origin, file: ManifestFile, completeness: Completeness, start: Digest | None
) -> Candidate:
    candidate = Candidate(
        partial(_build, documents, origin, file, start),
        tags=file.tags,
        platform=file.platform,
        digest=file.digest,
        indexes=file.indexes,
        complete=False,
        salvage=partial(_salvage, documents, origin, file, start),
    )
    if origin.is_remote and file.platform is not None and file.descriptor is not None:
        reference_type = _reference_type(file.descriptor)
        attestation = f"{ATTESTATION} ({short_name(reference_type)})" if reference_type else None
        return replace(candidate, complete=True, set_aside=attestation or descriptor_artifact(file.descriptor))
    try:
        manifest = read_manifest(documents, file)
        candidate = replace(candidate, config_digest=manifest.config.digest)
        config = documents.document(manifest.config.digest.blob_name, ImageConfig)
    except UnsupportedFormat as error:
        return replace(candidate, set_aside=str(error))
    except FormatError:
        return candidate
    complete = origin.is_remote or completeness.of(manifest, layer_blobs(manifest))
    return replace(candidate, platform=file.platform or config.platform, complete=complete)


def _build(documents: Documents, origin: Origin, file: ManifestFile, start: Digest | None) -> Image:
    try:
        manifest = read_manifest(documents, file)
    except UnsupportedFormat as error:
        raise UnsupportedFormat(f"{located(documents.files, file.name)} is not an image but {error}") from error
    config = documents.document(manifest.config.digest.blob_name, ImageConfig)
    return _image(documents, origin, file, start, (manifest, config))


def _salvage(documents: Documents, origin: Origin, file: ManifestFile, start: Digest | None) -> Image:
    """Build the image without the documents that cannot be read."""
    manifest, config = None, ImageConfig()
    with suppress(FormatError):
        manifest = read_manifest(documents, file)
        config = documents.document(manifest.config.digest.blob_name, ImageConfig)
    return _image(documents, origin, file, start, (manifest, config))


def _image(
    documents: Documents,
    origin: Origin,
    file: ManifestFile,
    start: Digest | None,
    read: tuple[Manifest | None, ImageConfig],
) -> Image:
    manifest, config = read
    return build_image(
        Blueprint(
            documents.files,
            origin.reference,
            origin.oci,
            config,
            manifest.config.digest if manifest else None,
            layer_blobs(manifest) if manifest else (),
            file.tags,
            file.digest,
            file.platform,
            (manifest.annotations if manifest else None) or {},
            partial(attestations_of, documents, file),
            origin.is_remote,
            partial(_claims, documents, file, start),
        )
    )


def _claims(documents: Documents, file: ManifestFile, start: Digest | None) -> Sequence[Claim]:
    from layerscope.sources.image.claims import layout_claims  # noqa: PLC0415  # 1 ms, and few ask for them

    return layout_claims(documents, file, start)


def attestations_of(documents: Documents, file: ManifestFile) -> Attestations:
    """Return what the attestations of a manifest say."""
    from layerscope.sources.image.attestations import read_attestations  # noqa: PLC0415  # 2 ms, and few ask for them

    return read_attestations(documents, file.digest, file.attestations)


def layer_blobs(manifest: Manifest) -> list[LayerBlob]:
    """Return the layers that the manifest lists."""
    return [
        LayerBlob(layer.digest.blob_name, layer.digest, layer.media_type, layer.size, tuple(layer.urls or ()))
        for layer in manifest.layers or ()
    ]


def read_manifest(documents: Documents, file: ManifestFile) -> Manifest:
    """Return the image manifest in the file.

    Raises FormatError if it is missing or broken, and UnsupportedFormat, whose message names the kind of document, if
    it is not an image.
    """
    reference_type = _reference_type(file.descriptor) if file.descriptor else None
    if reference_type is not None:
        raise UnsupportedFormat(f"{ATTESTATION} ({short_name(reference_type)})")
    location = located(documents.files, file.name)
    try:
        kind = kind_of(documents, file.name)
    except FormatError as error:
        artifact = descriptor_artifact(file.descriptor)
        if artifact is None:
            raise
        raise UnsupportedFormat(artifact) from error
    if kind is DocumentKind.INDEX:
        documents.document(file.name, Index)
        raise InvalidManifest(f"{location} is an index instead of a manifest")
    if kind is DocumentKind.SCHEMA_1:
        raise UnsupportedFormat("a Docker schema 1 manifest, an obsolete format: pull the image again")
    if kind is DocumentKind.ARTIFACT:
        raise UnsupportedFormat(artifact_named(documents.document(file.name, KindFields).artifact_type))
    manifest = documents.document(file.name, Manifest)
    check_layer_count(len(manifest.layers or ()), documents.files)
    artifact = artifact_of(manifest, documents)
    if artifact is not None:
        raise UnsupportedFormat(artifact)
    return manifest
