"""The kind of a JSON document, detected from its fields and not from its media type.

OCI: https://github.com/opencontainers/image-spec/blob/main/manifest.md and image-index.md.
Docker: https://github.com/distribution/distribution/tree/main/docs/content/spec (schema 2, manifest list, schema 1).
"""

from enum import Enum, auto

from msgspec import UNSET, Raw, Struct, UnsetType
from msgspec.structs import force_setattr

from layerscope.errors import InvalidManifest
from layerscope.sources.image.documents import Documents
from layerscope.sources.image.files import located

_NULL = Raw(b"null")
_STATED = Raw(b"{}")
"""Any other value."""


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
