"""The kind of a JSON document, detected from its fields and not from its media type, and what an artifact is.

Signatures, attestations, SBOMs and charts share a layout with images.
OCI: https://github.com/opencontainers/image-spec/blob/main/manifest.md and image-index.md.
Docker: https://github.com/distribution/distribution/tree/main/docs/content/spec (schema 2, manifest list, schema 1).
Artifacts: https://github.com/opencontainers/image-spec/blob/main/manifest.md#guidelines-for-artifact-usage;
https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md
"""

import re
from collections.abc import Sequence
from enum import Enum, auto

from msgspec import UNSET, Raw, Struct, UnsetType
from msgspec.structs import force_setattr

from layerscope.errors import FormatError, InvalidManifest
from layerscope.model.documents import Descriptor, ImageConfig, Manifest
from layerscope.sources.image.documents import Documents, located
from layerscope.text import short_name

_NULL = Raw(b"null")
_STATED = Raw(b"{}")
"""Any other value."""

_IMAGE_CONFIGS = ("", "application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json")
_DOCUMENT_TYPE = re.compile(
    r"text/.*|.*[/+.](json|xml|yaml)|.*(simplesigning|dsse|in-toto|sigstore|cosign|spdx|cyclonedx|syft|sbom).*",
    re.IGNORECASE,
)
"""Media types of layers that are documents. Cosign gives its signatures an image config, so only the layers tell."""

_MANIFEST_TYPE = re.compile(r".*(manifest|image\.index).*|", re.IGNORECASE)


class DocumentKind(Enum):
    """The kind of a document."""

    INDEX = auto()
    IMAGE = auto()
    ARTIFACT = auto()
    SCHEMA_1 = auto()


class KindFields(Struct, frozen=True, rename="camel"):
    """The fields that tell the kinds apart."""

    manifests: Raw | UnsetType = UNSET
    config: Raw = _NULL
    layers: Raw = _NULL
    fs_layers: Raw = _NULL
    artifact_type: str | None = None

    def __post_init__(self) -> None:
        """Drop the values: they keep the bytes of the whole document."""
        for name in ("manifests", "config", "layers", "fs_layers"):
            if getattr(self, name) not in (UNSET, _NULL):
                force_setattr(self, name, _STATED)

    @property
    def kind(self) -> DocumentKind | None:
        """The kind of the document, or None if it has none, or two.

        Programs may disagree about the meaning of a document that is of two kinds:
        https://github.com/opencontainers/image-spec/security/advisories/GHSA-77vh-xpmg-72qh.
        """
        is_manifest = self.config != _NULL or self.layers != _NULL
        if self.manifests is not UNSET and not (is_manifest and self.manifests == _NULL):
            return None if is_manifest else DocumentKind.INDEX
        if self.fs_layers != _NULL:
            return DocumentKind.SCHEMA_1
        if self.artifact_type:
            return DocumentKind.ARTIFACT
        return DocumentKind.IMAGE if is_manifest else None


def kind_of(documents: Documents, name: str) -> DocumentKind:
    """Return the kind of the document; raises InvalidManifest if it has none, or two."""
    fields = documents.document(name, KindFields)
    if fields.kind is not None:
        return fields.kind
    location = located(documents.files, name)
    if fields.manifests is not UNSET:
        raise InvalidManifest(f"{location} is both an index and a manifest")
    raise InvalidManifest(f"{location} is not a manifest: it has neither manifests nor config and layers")


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
