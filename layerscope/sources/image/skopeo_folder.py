"""The folder that skopeo writes as ``dir:``: a manifest, and blobs named by the encoded part of their digest.

https://github.com/containers/image/blob/main/docs/containers-transports.5.md#dirpath
"""

from layerscope.model.candidate import Candidate
from layerscope.model.documents import Digest
from layerscope.model.image import FileSpan
from layerscope.sources.image.builder import Origin
from layerscope.sources.image.documents import Documents, Files
from layerscope.sources.image.oci_layout import oci_candidates

_VERSION, _START = "version", b"Directory Transport Version"
_MANIFEST, _VERSION_FIELD, _LISTS = "manifest.json", b'"schemaVersion"', (b'"layers"', b'"manifests"', b'"fsLayers"')


def skopeo_mismatch(documents: Documents) -> str | None:
    """Return an empty reason if the files are not such a folder, or None if they are.

    Old versions of skopeo write no ``version``, and none needs it.
    """
    if documents.files.span(_MANIFEST) is None:
        return ""
    if documents.files.span(_VERSION) is not None:
        return None if documents.starts_with(_VERSION, _START) else ""
    manifest = documents.read(_MANIFEST)
    return None if _VERSION_FIELD in manifest and any(field in manifest for field in _LISTS) else ""


def skopeo_candidates(documents: Documents, origin: Origin) -> tuple[Candidate, ...]:
    """Return the image, or the images of a manifest list; raises FormatError if the manifest cannot be read."""
    start = documents.digest(_MANIFEST)
    return oci_candidates(Documents(_LayoutNames(documents.files, start)), origin, start)


class _LayoutNames:
    """The files by the names that they have in an OCI layout."""

    def __init__(self, files: Files, start: Digest) -> None:
        self.description = files.description
        self.error = files.error
        self._files = files
        self._start = start.blob_name

    def span(self, name: str) -> FileSpan | None:
        """Return the span of a blob; manifests that a list refers to have an extension."""
        if name == self._start:
            return self._files.span(_MANIFEST)
        encoded = name.rpartition("/")[2]
        return self._files.span(encoded) or self._files.span(f"{encoded}.manifest.json")
