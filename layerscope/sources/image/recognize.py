"""The format of an image, detected from its files; for anything else, a message that says what it is instead."""

from collections.abc import Callable

from msgspec import Struct

from layerscope.errors import UnsupportedFormat
from layerscope.model.candidate import Candidate
from layerscope.model.documents import Digest
from layerscope.model.image import FileSpan
from layerscope.sources.image.archive import ArchiveFiles
from layerscope.sources.image.builder import Origin
from layerscope.sources.image.docker_archive import LEGACY_LIST, MANIFEST, docker_candidates, is_docker_list
from layerscope.sources.image.documents import Documents, Files, holds, read_span
from layerscope.sources.image.oci_layout import INDEX, oci_candidates
from layerscope.text import short_name

_HEAD = 512
_DOCKER_EXPORT = b".dockerenv"
_ROOT_FOLDERS = frozenset({b"bin", b"etc", b"lib", b"usr", b"var"})
_VERSION, _START = "version", b"Directory Transport Version"
_VERSION_FIELD, _LISTS = b'"schemaVersion"', (b'"layers"', b'"manifests"', b'"fsLayers"')


class _Format(Struct, frozen=True):
    """A format of images; ``mismatch`` returns why some files do not have it, or None if they do.

    The reason is empty where it says nothing beside those of the other formats.
    """

    mismatch: Callable[[Documents], str | None]
    candidates: Callable[[Documents, Origin], tuple[Candidate, ...]]


def candidates_of(files: Files, origin: Origin) -> tuple[Candidate, ...]:
    """Return the images that the files hold, by the first format that fits and lists an image.

    Raises FormatError if the list of images is broken, UnsupportedFormat if no format fits.
    """
    documents = Documents(files)
    mismatches = []
    fitting = False
    for image_format in _FORMATS:
        mismatch = image_format.mismatch(documents)
        if mismatch is not None:
            mismatches.append(mismatch)
            continue
        fitting = True
        if candidates := image_format.candidates(documents, origin):
            return candidates
    if fitting:
        return ()
    if isinstance(files, ArchiveFiles) and _is_file_system(files):
        raise UnsupportedFormat(
            f"{files.description} is a file system without layers, not an image: docker save NAME writes the image, "
            f"and container://NAME opens a container"
        )
    reasons = f"{' and '.join(filter(None, mismatches))}{_hint(documents)}"
    if isinstance(files, ArchiveFiles) and files.error:
        raise UnsupportedFormat(f"{files.error}; what could be read of it has {reasons}")
    container = "a tar archive" if isinstance(files, ArchiveFiles) else "a folder"
    raise UnsupportedFormat(f"{files.description} is {container} but not an image: it has {reasons}")


def _docker_mismatch(documents: Documents) -> str | None:
    if documents.files.span(MANIFEST) is None:
        return f"no {MANIFEST}"
    return None if is_docker_list(documents) else f"a {MANIFEST} that is not a list of images"


def _oci_mismatch(documents: Documents) -> str | None:
    return f"no {INDEX}" if documents.files.span(INDEX) is None else None


def _skopeo_mismatch(documents: Documents) -> str | None:
    """Return an empty reason if the files are not a folder that skopeo wrote as ``dir:``, or None if they are.

    It has a manifest, and blobs named by the encoded part of their digest. Old versions of skopeo write no
    ``version``, and none needs it. https://github.com/containers/image/blob/main/docs/containers-transports.5.md#dirpath
    """
    if documents.files.span(MANIFEST) is None:
        return ""
    if documents.files.span(_VERSION) is not None:
        return None if documents.starts_with(_VERSION, _START) else ""
    manifest = documents.read(MANIFEST)
    return None if _VERSION_FIELD in manifest and any(field in manifest for field in _LISTS) else ""


def _skopeo_candidates(documents: Documents, origin: Origin) -> tuple[Candidate, ...]:
    """Return the image, or the images of a manifest list; raises FormatError if the manifest cannot be read."""
    start = documents.digest(MANIFEST)
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
            return self._files.span(MANIFEST)
        encoded = name.rpartition("/")[2]
        return self._files.span(encoded) or self._files.span(f"{encoded}.manifest.json")


_FORMATS = (
    _Format(_docker_mismatch, docker_candidates),
    _Format(_oci_mismatch, oci_candidates),
    _Format(_skopeo_mismatch, _skopeo_candidates),
)
"""The formats in the order in which they are tried: ``manifest.json`` is trusted before ``index.json``."""


def _hint(documents: Documents) -> str:
    """Return what the files are instead of an image, and what to do, as far as that is known."""
    files = documents.files
    if holds(files, LEGACY_LIST) and not holds(files, MANIFEST):
        return "; it was saved by a Docker before 1.10: load it into an engine and save it again"
    return _deeper(files) if isinstance(files, ArchiveFiles) else ""


def _is_file_system(files: ArchiveFiles) -> bool:
    """Return whether the archive is like one of ``docker export``, or another archive of a root folder."""
    names = {name.partition(b"/")[0] for name in files.names}
    return _DOCKER_EXPORT in names or len(names & _ROOT_FOLDERS) > 1


def _deeper(files: ArchiveFiles) -> str:
    """Return a hint if a folder in the archive holds an image."""
    for name in files.names:
        folder, _, last = name.rpartition(b"/")
        if folder and last in (MANIFEST.encode(), INDEX.encode()):
            return f", but {short_name(name)}: unpack it and open the folder {short_name(folder)}"
    return ""


def what_it_is(span: FileSpan, name: str) -> str:
    """Return a message for a file that is not a tar archive or has no members."""
    if span.size == 0:
        return f"{name} is empty"
    head = read_span(span.part(0, min(span.size, _HEAD)), name)
    if not head.strip(b"\0"):
        return f"{name} is an empty tar archive"
    if _is_text(head):
        return f"{name} is a text file, not an image"
    return f"{name} is not an image: it is not a tar archive, even one compressed with gzip, zstd, xz or bzip2"


def _is_text(head: bytes) -> bool:
    """Return True if the bytes look like text; a character that the end of the head splits is ignored."""
    text = head.decode("utf-8", "ignore")
    return len(text.encode()) > len(head) - 4 and all(c.isprintable() or c.isspace() for c in text)
