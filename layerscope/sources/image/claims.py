"""The statements of an image's documents about its blobs, from the index to the layers."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from msgspec.structs import replace

from layerscope.errors import DigestMismatch, FormatError, SourceError
from layerscope.model.documents import Descriptor, Digest, DockerArchiveManifest, ImageConfig, Index, Manifest
from layerscope.model.image import Claim, Compression, FileSpan, Layer, TableOfContents
from layerscope.sources.image.docker_archive import LAYER_NAME, stated_config_digest
from layerscope.sources.image.documents import Documents, holds
from layerscope.sources.image.oci_layout import INDEX, ManifestFile, manifest_files
from layerscope.sources.registry.table import stated_table
from layerscope.text import short_name

_KINDS: dict[str, Any] = {"index": Index, "manifest": Manifest, "config": ImageConfig}


def layout_claims(documents: Documents, file: ManifestFile, start: Digest | None = None) -> list[Claim]:
    """Return what a layout says about an image, its indexes and its attestations, from ``start`` or the index on."""
    name = start.blob_name if start else INDEX
    claims = list[Claim]()
    if start is None or start != file.digest:
        claims.append(_document(documents, "index", name, Descriptor(start) if start else None))
        claims += _below(documents, name, file, set(), reads_others=start is None)
    else:
        claims.append(_document(documents, "manifest", name, Descriptor(start)))
    claims += _of_manifest(documents, file.name)
    for attestation in file.attestations:
        claims += _of_manifest(documents, attestation, is_image=False)
    return list(dict.fromkeys(claims))


def docker_claims(documents: Documents, entry: DockerArchiveManifest, config_digest: Digest | None) -> list[Claim]:
    """Return what a Docker archive says about an image: its list, the names of the files, and an index beside it.

    A manifest of the index belongs to the image if it names its config, or if it is damaged: then it may be any one's.
    """
    stated = stated_config_digest(entry)
    claims = [_document(documents, "config", entry.config, Descriptor(stated) if stated else None)]
    named = dict[int, Digest]()
    for number, name in enumerate(entry.layers or (), 1):
        if match := LAYER_NAME.fullmatch(name):
            named[number] = Digest("sha256", match[1] or match[2])
    claims += [Claim("layer", number, digest) for number, digest in named.items()]
    all_named = set(named.values())
    with suppress(FormatError):
        diff_ids = documents.document(entry.config, ImageConfig).diff_ids
        for number, diff_id in enumerate(diff_ids, 1):
            source = (entry.layer_sources or {}).get(str(diff_id))
            # of layers with one diff_id, which may be stored in several ways, the source is one
            if source and (named.get(number) == source.digest or source.digest not in all_named):
                claims.append(Claim("layer", number, source.digest, source.size, source.media_type))
    if not holds(documents.files, INDEX):
        return claims
    try:
        files = manifest_files(documents)
    except FormatError:
        return [*claims, _document(documents, "index", INDEX, None)]
    for file in files:
        if holds(documents.files, file.name) and _may_be_of(documents, file, config_digest):
            claims += layout_claims(documents, file)
    return list(dict.fromkeys(claims))


def _may_be_of(documents: Documents, file: ManifestFile, config_digest: Digest | None) -> bool:
    with suppress(FormatError):
        if documents.digest(file.name) == file.digest:
            return documents.document(file.name, Manifest).config.digest == config_digest
    return True


def _below(
    documents: Documents, name: str, file: ManifestFile, entered: set[str], *, reads_others: bool
) -> Iterator[Claim]:
    """Yield what an index says about the documents on the way to an image and its attestations.

    Those of other images are looked at where they are: the one that is damaged may be the one that the user means. A
    registry would have to be asked for each.
    """
    entered.add(name)
    with suppress(FormatError):
        for descriptor in documents.document(name, Index).manifests or ():
            below = descriptor.digest.blob_name
            if descriptor.digest in file.indexes:
                yield _document(documents, "index", below, descriptor)
                if below not in entered:
                    yield from _below(documents, below, file, entered, reads_others=reads_others)
            elif below == file.name:
                yield replace(_document(documents, "manifest", below, descriptor), platform=descriptor.platform)
            elif below in file.attestations:
                yield _document(documents, "manifest", below, descriptor)
            elif reads_others and (span := _span(documents, below)):
                yield Claim("manifest", None, descriptor.digest, descriptor.size, span=span)


def _span(documents: Documents, name: str) -> FileSpan | None:
    with suppress(FormatError):
        return documents.files.span(name)
    return None


def _of_manifest(documents: Documents, name: str, *, is_image: bool = True) -> Iterator[Claim]:
    """Yield what a manifest says; the blobs of an attestation are documents."""
    with suppress(FormatError, SourceError):
        manifest = documents.document(name, Manifest)
        yield _document(documents, "config", manifest.config.digest.blob_name, manifest.config)
        for number, layer in enumerate(manifest.layers or (), 1):
            if is_image:
                yield Claim("layer", number, layer.digest, layer.size, layer.media_type, table=_table(layer))
            else:
                yield _document(documents, "layer", layer.digest.blob_name, layer)


def _table(descriptor: Descriptor) -> TableOfContents | None:
    if not descriptor.annotations:
        return None
    compression = Compression.ZSTD if descriptor.media_type.endswith(Compression.ZSTD) else Compression.GZIP
    return stated_table(Layer(0, None, compression), descriptor.annotations)


def _document(documents: Documents, subject: str, name: str, descriptor: Descriptor | None) -> Claim:
    """Return what a descriptor says about a document, which is read to see whether it is one."""
    claim = Claim(subject)
    if descriptor is not None:
        claim = Claim(subject, None, descriptor.digest, descriptor.size, descriptor.media_type)
    try:
        span = documents.files.span(name)
    except (FormatError, SourceError) as error:
        return replace(claim, problem=str(error), is_contradicted=isinstance(error, DigestMismatch))
    if span is None:
        return replace(claim, problem=f"{short_name(name)} is not in {documents.files.description}")
    try:
        document = documents.document(name, _KINDS[subject]) if subject in _KINDS else None
    except FormatError as error:
        return replace(claim, span=span, error=str(error))
    return replace(claim, span=span, own_media_type=getattr(document, "media_type", ""))
