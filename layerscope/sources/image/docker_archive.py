"""The format of ``docker save``: a ``manifest.json`` that lists images, their configs and their layers.

https://github.com/moby/docker-image-spec/blob/main/spec.md#combined-image-json--filesystem-changeset-format. Before
Docker 25 a layer is ``<id>/layer.tar``, since then ``blobs/sha256/<digest>``, beside an ``index.json`` with facts that
the list lacks. podman, skopeo, kaniko and others write the same format with other file names.
"""

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from layerscope.errors import FormatError, InvalidManifest, UnsupportedFormat
from layerscope.model.candidate import Candidate
from layerscope.model.documents import (
    Digest,
    DockerArchiveManifest,
    ImageConfig,
    LayerSource,
    Manifest,
    docker_manifests,
)
from layerscope.model.image import Claim, Image
from layerscope.model.provenance import Attestations
from layerscope.sources.image.builder import Blueprint, Completeness, LayerBlob, Origin, build_image, check_layer_count
from layerscope.sources.image.documents import Documents, located
from layerscope.sources.image.manifest_kind import artifact_named, document_layers
from layerscope.sources.image.oci_layout import (
    ManifestFile,
    attestations_of,
    layer_blobs,
    manifest_files,
    oci_candidates,
    read_manifest,
)

MANIFEST = "manifest.json"
LEGACY_LIST = "repositories"
"""The only list of images that Docker before 1.10 wrote."""

_MOST_IMAGES = 50_000
_MOST_LAYERS = 1_000_000
"""Images in one list, and layers of all of them; each is looked up."""

_CONFIG_NAME = re.compile(r"(?:blobs/sha256/|sha256:)?([0-9a-f]{64})(?:\.json)?")
LAYER_NAME = re.compile(r"blobs/sha256/([0-9a-f]{64})|(?:sha256:)?([0-9a-f]{64})\.tar\.gz")
"""A blob's name in an OCI layout, or a compressed layer's in go-containerregistry (crane, ko, kaniko)."""


class _OciRecord(Struct, frozen=True):
    """An entry of the list as ``index.json`` describes it; ``set_aside`` as in `Candidate`."""

    file: ManifestFile
    manifest: Manifest
    set_aside: str | None


def is_docker_list(documents: Documents) -> bool:
    """Return True if ``manifest.json`` is Docker's list of images and not another document with that name."""
    return documents.starts_with(MANIFEST, b"[")


def docker_candidates(documents: Documents, origin: Origin) -> tuple[Candidate, ...]:
    """Return the images that ``manifest.json`` lists, in its order, each once with all its tags.

    Images that only ``index.json`` lists follow as fallbacks. Raises FormatError if the list is broken.
    """
    name = located(documents.files, MANIFEST)
    entries = _merged(docker_manifests(documents.document(MANIFEST, list[dict[str, Any]]), name))
    if sum(len(entry.layers or ()) for entry in entries) > _MOST_LAYERS:
        raise InvalidManifest(f"{name} lists more than {_MOST_LAYERS:,} layers")
    if len(entries) > _MOST_IMAGES:
        raise InvalidManifest(f"{name} lists more than {_MOST_IMAGES:,} images")
    records = _oci_records(documents) if entries else {}
    completeness = Completeness(documents.files)
    candidates = [_candidate(documents, origin, entry, records, completeness) for entry in entries]
    known = {candidate.config_digest for candidate in candidates}
    return (*candidates, *(_fallbacks(documents, origin, known) if records.keys() - known else ()))


def _merged(entries: list[DockerArchiveManifest]) -> list[DockerArchiveManifest]:
    """Return the entries, merging those that are one image with several tags."""
    merged: dict[tuple[str, tuple[str, ...]], list[DockerArchiveManifest]] = {}
    for entry in entries:
        merged.setdefault((entry.config, tuple(entry.layers or ())), []).append(entry)
    tags = [dict.fromkeys(tag for entry in same for tag in entry.repo_tags or ()) for same in merged.values()]
    return [replace(same[-1], repo_tags=list(own)) for same, own in zip(merged.values(), tags, strict=True)]


def _fallbacks(documents: Documents, origin: Origin, known: set[Digest | None]) -> Iterator[Candidate]:
    for candidate in oci_candidates(documents, replace(origin, oci=origin.docker)):
        if candidate.set_aside is None and candidate.complete and candidate.config_digest not in known:
            yield replace(candidate, fallback=True)


def _oci_records(documents: Documents) -> dict[Digest, _OciRecord]:
    """Return the images of ``index.json`` by config digest; none if it is missing or broken."""
    records: dict[Digest, _OciRecord] = {}
    try:
        manifests = manifest_files(documents)
    except FormatError:
        return {}
    for file in manifests:
        try:
            manifest = documents.document(file.name, Manifest)
            set_aside = _set_aside(documents, file)
        except FormatError:
            continue
        records.setdefault(manifest.config.digest, _OciRecord(file, manifest, set_aside))
    return records


def _set_aside(documents: Documents, file: ManifestFile) -> str | None:
    try:
        read_manifest(documents, file)
    except UnsupportedFormat as error:
        return str(error)
    return None


def _candidate(
    documents: Documents,
    origin: Origin,
    entry: DockerArchiveManifest,
    records: dict[Digest, _OciRecord],
    completeness: Completeness,
) -> Candidate:
    candidate = Candidate(
        partial(_build, documents, origin, entry, None),
        tags=_tags(entry, None),
        config_digest=stated_config_digest(entry),
        complete=False,
        # without the config, which cannot be read
        salvage=partial(_image, documents, origin, entry, None, (ImageConfig(), stated_config_digest(entry))),
    )
    try:
        config, digest = _read_config(documents, entry)
    except FormatError:
        return candidate
    record = records.get(digest)
    layers = _layer_blobs(entry, config, record)
    document_type = document_layers([layer.media_type or "" for layer in layers])
    return Candidate(
        partial(_build, documents, origin, entry, record),
        tags=_tags(entry, record),
        platform=config.platform,
        digest=record.file.digest if record else None,
        config_digest=digest,
        indexes=record.file.indexes if record else frozenset(),
        complete=completeness.of(entry, layers),
        set_aside=(record.set_aside if record else None) or (artifact_named(document_type) if document_type else None),
    )


def _build(documents: Documents, origin: Origin, entry: DockerArchiveManifest, record: _OciRecord | None) -> Image:
    return _image(documents, origin, entry, record, _read_config(documents, entry))


def _image(
    documents: Documents,
    origin: Origin,
    entry: DockerArchiveManifest,
    record: _OciRecord | None,
    read: tuple[ImageConfig, Digest | None],
) -> Image:
    config, config_digest = read
    return build_image(
        Blueprint(
            documents.files,
            origin.reference,
            origin.docker,
            config,
            config_digest,
            _layer_blobs(entry, config, record),
            _tags(entry, record),
            record.file.digest if record else None,
            annotations=(record.manifest.annotations if record else None) or {},
            read_attestations=partial(attestations_of, documents, record.file) if record else Attestations,
            claims=partial(_claims, documents, entry, config_digest),
        )
    )


def _claims(documents: Documents, entry: DockerArchiveManifest, config_digest: Digest | None) -> Sequence[Claim]:
    from layerscope.sources.image.claims import docker_claims  # noqa: PLC0415  # 1 ms, and few ask for them

    return docker_claims(documents, entry, config_digest)


def _read_config(documents: Documents, entry: DockerArchiveManifest) -> tuple[ImageConfig, Digest]:
    """Return the config and its digest: the one in its file name, else the one of its bytes."""
    check_layer_count(len(entry.layers or ()), documents.files)
    config = documents.document(entry.config, ImageConfig)
    return config, stated_config_digest(entry) or documents.digest(entry.config)


def stated_config_digest(entry: DockerArchiveManifest) -> Digest | None:
    """Return the digest that the name of the config's file states."""
    match = _CONFIG_NAME.fullmatch(entry.config)
    return Digest("sha256", match[1]) if match else None


def _tags(entry: DockerArchiveManifest, record: _OciRecord | None) -> tuple[str, ...]:
    return tuple(entry.repo_tags or (record.file.tags if record else ()))


def _layer_blobs(entry: DockerArchiveManifest, config: ImageConfig, record: _OciRecord | None) -> list[LayerBlob]:
    """Return the layers of the list, described by ``LayerSources`` or the manifest."""
    names = entry.layers or []
    sources = [(entry.layer_sources or {}).get(str(diff_id)) for diff_id in config.diff_ids[: len(names)]]
    sources += [None] * (len(names) - len(sources))
    described = layer_blobs(record.manifest) if record else []
    manifest_layers = described if len(described) == len(names) else [None] * len(names)
    return [_layer_blob(*facts) for facts in zip(names, sources, manifest_layers, strict=True)]


def _layer_blob(name: str, source: LayerSource | None, described: LayerBlob | None) -> LayerBlob:
    if source is not None:
        return LayerBlob(name, source.digest, source.media_type, source.size, tuple(source.urls or ()))
    match = LAYER_NAME.fullmatch(name)
    stated = Digest("sha256", match[1] or match[2]) if match else None
    if described is not None and stated in (None, described.digest):
        return replace(described, name=name)
    return LayerBlob(name, stated)
