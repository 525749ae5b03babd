"""Tells what a JSON document of an image is by what is in it, whatever its media type says.

OCI: https://github.com/opencontainers/image-spec/blob/main/manifest.md and image-index.md.
Docker: https://github.com/distribution/distribution/tree/main/docs/content/spec (schema 2, manifest list, schema 1).
"""

from enum import Enum, auto
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from layerscope.errors import InvalidManifest
from layerscope.model.documents import decode


class DocumentKind(Enum):
    """What a document turned out to be."""

    INDEX = auto()
    IMAGE = auto()
    ARTIFACT = auto()
    SCHEMA_1 = auto()


class Outline(Struct, frozen=True, rename="camel"):
    """What tells the kinds apart; of most fields only whether they are there."""

    manifests: Any | UnsetType = UNSET
    config: Any = None
    layers: Any = None
    fs_layers: Any = None
    artifact_type: str | None = None

    @property
    def kind(self) -> DocumentKind | None:
        """What the document is, or None where it is of no kind, or of two at once.

        Of a document of two kinds no two readers need agree on what it means:
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
    """Return the outline of the document in the bytes of the file that a sentence calls ``name``.

    Raises InvalidManifest where the bytes are no JSON object.
    """
    return decode(data, Outline, name)


def kind_of(data: bytes, name: str) -> DocumentKind:
    """Return the kind of the document; raises InvalidManifest where it is of none, or of two at once."""
    outline = outline_of(data, name)
    if outline.kind is not None:
        return outline.kind
    if outline.manifests is not UNSET:
        raise InvalidManifest(f"{name} is an index and a manifest at once")
    raise InvalidManifest(f"{name} is no manifest: it has neither manifests nor config and layers")
