"""The kind of a JSON document, detected from its fields and not from its media type.

OCI: https://github.com/opencontainers/image-spec/blob/main/manifest.md and image-index.md.
Docker: https://github.com/distribution/distribution/tree/main/docs/content/spec (schema 2, manifest list, schema 1).
"""

from enum import Enum, auto
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from layerscope.errors import InvalidManifest
from layerscope.model.documents import decode


class DocumentKind(Enum):
    """The kind of a document."""

    INDEX = auto()
    IMAGE = auto()
    ARTIFACT = auto()
    SCHEMA_1 = auto()


class Outline(Struct, frozen=True, rename="camel"):
    """The fields that tell the kinds apart."""

    manifests: Any | UnsetType = UNSET
    config: Any = None
    layers: Any = None
    fs_layers: Any = None
    artifact_type: str | None = None

    @property
    def kind(self) -> DocumentKind | None:
        """The kind of the document, or None if it has none, or two.

        Programs may disagree about the meaning of a document that is of two kinds:
        https://github.com/opencontainers/image-spec/security/advisories/GHSA-77vh-xpmg-72qh.
        """
        is_manifest = self.config is not None or self.layers is not None
        if self.manifests is not UNSET and not (is_manifest and self.manifests is None):
            return None if is_manifest else DocumentKind.INDEX
        if self.fs_layers is not None:
            return DocumentKind.SCHEMA_1
        if self.artifact_type:
            return DocumentKind.ARTIFACT
        return DocumentKind.IMAGE if is_manifest else None


def outline_of(data: bytes, name: str) -> Outline:
    """Return the outline of the document; messages call it ``name``.

    Raises InvalidManifest if the bytes are not a JSON object.
    """
    return decode(data, Outline, name)


def kind_of(data: bytes, name: str) -> DocumentKind:
    """Return the kind of the document; raises InvalidManifest if it has none, or two."""
    outline = outline_of(data, name)
    if outline.kind is not None:
        return outline.kind
    if outline.manifests is not UNSET:
        raise InvalidManifest(f"{name} is both an index and a manifest")
    raise InvalidManifest(f"{name} is not a manifest: it has neither manifests nor config and layers")
