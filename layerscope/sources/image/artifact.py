"""Artifacts that share a layout with images: signatures, attestations, SBOMs, charts.

https://github.com/opencontainers/image-spec/blob/main/manifest.md#guidelines-for-artifact-usage;
https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md
"""

import re
from collections.abc import Sequence

from layerscope.errors import FormatError
from layerscope.model.documents import Descriptor, ImageConfig, Manifest
from layerscope.sources.image.documents import Documents
from layerscope.text import short_name

_IMAGE_CONFIGS = ("", "application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json")
_DOCUMENT_TYPE = re.compile(
    r"text/.*|.*[/+.](json|xml|yaml)|.*(simplesigning|dsse|in-toto|sigstore|cosign|spdx|cyclonedx|syft|sbom).*",
    re.IGNORECASE,
)
"""Media types of layers that are documents. Cosign gives its signatures an image config, so only the layers tell."""

_MANIFEST_TYPE = re.compile(r".*(manifest|image\.index).*|", re.IGNORECASE)


def artifact_of(manifest: Manifest, documents: Documents) -> str | None:
    """Return the description of an artifact, or None for the manifest of an image."""
    document_type = document_layers([layer.media_type for layer in manifest.layers or ()])
    if document_type is not None:
        return artifact_named(document_type)
    if manifest.config.media_type not in _IMAGE_CONFIGS and not _is_image_config(manifest.config, documents):
        return artifact_named(manifest.config.media_type)
    if manifest.subject is not None and not manifest.layers:
        return f"a referrer of {manifest.subject.digest}"
    return None


def descriptor_artifact(descriptor: Descriptor | None) -> str | None:
    """Return the description of an artifact by its descriptor alone, or None for the descriptor of an image."""
    if descriptor is None:
        return None
    if descriptor.artifact_type:
        return artifact_named(descriptor.artifact_type)
    return None if _MANIFEST_TYPE.fullmatch(descriptor.media_type) else artifact_named(descriptor.media_type)


def document_layers(media_types: Sequence[str]) -> str | None:
    """Return the media type of the first layer if all layers are documents, else None."""
    are_documents = bool(media_types) and all(map(_DOCUMENT_TYPE.fullmatch, media_types))
    return media_types[0] if are_documents else None


def artifact_named(artifact_type: str | None) -> str:
    """Return the description of an artifact of this type."""
    return f"an artifact of type {short_name(artifact_type or 'unknown')}"


def _is_image_config(config: Descriptor, documents: Documents) -> bool:
    """Return True if the config belongs to an image in spite of its unknown media type."""
    try:
        return bool(documents.document(config.digest.blob_name, ImageConfig).diff_ids)
    except FormatError:
        return False
