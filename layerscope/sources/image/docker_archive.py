"""The format of ``docker save``: a ``manifest.json`` that lists images, their configs and their layers.

https://github.com/moby/docker-image-spec/blob/main/spec.md#combined-image-json--filesystem-changeset-format. Before
Docker 25 a layer is ``<id>/layer.tar``, since then ``blobs/sha256/<digest>``, beside an ``index.json`` with facts that
the list lacks. podman, skopeo, kaniko and others write the same format with other file names.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from layerscope.errors import FormatError, UnsupportedFormat
from layerscope.model.candidate import Candidate
from layerscope.model.digest import Digest
from layerscope.model.documents import DockerArchiveManifest, ImageConfig, LayerSource, Manifest, decode
from layerscope.model.image import Image
from layerscope.sources.image.builder import Blueprint, LayerBlob, all_there, build_image
from layerscope.sources.image.files import Files, located, read, sha256_of
from layerscope.sources.image.oci_layout import ManifestFile, layer_blobs, manifest_files, oci_candidates, read_manifest
from layerscope.sources.image.origin import Origin

MANIFEST = "manifest.json"
LEGACY_LIST = "repositories"
"""The only list of images that Docker before 1.10 wrote."""

_CONFIG_NAME = re.compile(r"(?:blobs/sha256/|sha256:)?([0-9a-f]{64})(?:\.json)?")
_LAYER_NAME = re.compile(r"blobs/sha256/([0-9a-f]{64})|(?:sha256:)?([0-9a-f]{64})\.tar\.gz")
"""A blob's name in an OCI layout, or a compressed layer's in go-containerregistry (crane, ko, kaniko)."""


@dataclass(frozen=True, slots=True)
class _OciRecord:
    """An image of the list as ``index.json`` describes it."""

    file: ManifestFile
    manifest: Manifest


def is_docker_list(files: Files) -> bool:
    """Return True if ``manifest.json`` is Docker's list of images and not another document with that name."""
    return read(files, MANIFEST).lstrip()[:1] == b"["


def docker_candidates(files: Files, origin: Origin) -> tuple[Candidate, ...]:
    """Return the images that ``manifest.json`` lists, in its order, each once with all its tags.

    Images that only ``index.json`` lists follow as fallbacks. Raises FormatError if the list is broken.
    """
    entries = _merged(decode(read(files, MANIFEST), list[DockerArchiveManifest], located(files, MANIFEST)))
    records = _oci_records(files) if entries else {}
    candidates = [_candidate(files, origin, entry, records) for entry in entries]
    known = {candidate.config_digest for candidate in candidates}
    return (*candidates, *(_fallbacks(files, origin, known) if records.keys() - known else ()))


def _merged(entries: list[DockerArchiveManifest]) -> list[DockerArchiveManifest]:
    """Return the entries, merging those that are one image with several tags."""
    merged: dict[tuple[str, tuple[str, ...]], DockerArchiveManifest] = {}
    for entry in entries:
        key = (entry.config, tuple(entry.layers or ()))
        earlier = merged.get(key)
        tags = list(dict.fromkeys([*((earlier and earlier.repo_tags) or []), *(entry.repo_tags or [])]))
        merged[key] = DockerArchiveManifest(entry.config, entry.layers, tags, entry.layer_sources)
    return list(merged.values())


def _fallbacks(files: Files, origin: Origin, known: set[Digest | None]) -> Iterator[Candidate]:
    for candidate in oci_candidates(files, replace(origin, oci=origin.docker)):
        if candidate.set_aside is None and candidate.complete and candidate.config_digest not in known:
            yield replace(candidate, fallback=True)


def _oci_records(files: Files) -> dict[Digest, _OciRecord]:
    """Return the images of ``index.json`` by config digest; none if it is missing or broken."""
    records: dict[Digest, _OciRecord] = {}
    try:
        manifests = manifest_files(files)
    except FormatError:
        return {}
    for file in manifests:
        try:
            manifest = read_manifest(files, file.name)
        except (FormatError, UnsupportedFormat):
            continue
        records.setdefault(manifest.config.digest, _OciRecord(file, manifest))
    return records


def _candidate(
    files: Files, origin: Origin, entry: DockerArchiveManifest, records: dict[Digest, _OciRecord]
) -> Candidate:
    candidate = Candidate(
        partial(_build, files, origin, entry, None),
        tags=_tags(entry, None),
        config_digest=_stated_config_digest(entry),
        complete=False,
    )
    try:
        config, digest = _read_config(files, entry)
    except FormatError:
        return candidate
    record = records.get(digest)
    return Candidate(
        partial(_build, files, origin, entry, record),
        tags=_tags(entry, record),
        platform=config.platform,
        digest=record.file.digest if record else None,
        config_digest=digest,
        complete=all_there(files, _layer_blobs(entry, config, record)),
    )


def _build(files: Files, origin: Origin, entry: DockerArchiveManifest, record: _OciRecord | None) -> Image:
    """Read the config of one image and build the image."""
    config, config_digest = _read_config(files, entry)
    return build_image(
        Blueprint(
            files,
            origin.reference,
            origin.docker,
            config,
            config_digest,
            _layer_blobs(entry, config, record),
            _tags(entry, record),
            record.file.digest if record else None,
            annotations=(record.manifest.annotations if record else None) or {},
        )
    )


def _read_config(files: Files, entry: DockerArchiveManifest) -> tuple[ImageConfig, Digest]:
    """Return the config and its digest: the one in its file name, else the one of its bytes."""
    data = read(files, entry.config)
    return decode(data, ImageConfig, located(files, entry.config)), _stated_config_digest(entry) or sha256_of(data)


def _stated_config_digest(entry: DockerArchiveManifest) -> Digest | None:
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
    match = _LAYER_NAME.fullmatch(name)
    stated = Digest("sha256", match[1] or match[2]) if match else None
    if described is not None and stated in (None, described.digest):
        return replace(described, name=name)
    return LayerBlob(name, stated)
