"""Tells which form of image some files are, and says what they are where they are none."""

from layerscope.errors import UnsupportedFormat
from layerscope.model.candidate import Candidate
from layerscope.model.span import FileSpan
from layerscope.sources.image.archive import ArchiveFiles
from layerscope.sources.image.docker_archive import LEGACY_LIST, MANIFEST, docker_candidates, is_docker_list
from layerscope.sources.image.files import Files, holds, read_span
from layerscope.sources.image.oci_layout import INDEX, oci_candidates
from layerscope.sources.image.origin import Origin
from layerscope.text import short_name

_HEAD = 512


def candidates_of(files: Files, origin: Origin) -> tuple[Candidate, ...]:
    """Return the images that the files hold: by Docker's list where there is one, else by the index.

    Raises FormatError where the list is broken or cannot be read, UnsupportedFormat where there is none.
    """
    has_index = files.span(INDEX) is not None
    if files.span(MANIFEST) is None:
        if has_index:
            return oci_candidates(files, origin)
        raise UnsupportedFormat(_no_list(files))
    if is_docker_list(files):
        found = docker_candidates(files, origin)
        return oci_candidates(files, origin) if has_index and not found else found
    if has_index:
        return oci_candidates(files, origin)
    raise UnsupportedFormat(
        f"{MANIFEST} in {files.description} is not Docker's list of images (of a skopeo dir: folder, "
        "make an OCI layout first: skopeo copy dir:… oci:…)"
    )


def archive_candidates(files: ArchiveFiles, origin: Origin) -> tuple[Candidate, ...]:
    """Return the images in an archive; where there are none and it is cut off, the error says so."""
    try:
        return candidates_of(files, origin)
    except UnsupportedFormat as error:
        if files.error is None:
            raise
        raise UnsupportedFormat(f"{error}; {files.error}") from error


def _no_list(files: Files) -> str:
    if holds(files, LEGACY_LIST):
        return (
            f"{files.description} was saved by a Docker before 1.10: it holds {LEGACY_LIST} and no {MANIFEST}; "
            "load it into an engine and save it again"
        )
    neither = f"it holds neither {MANIFEST} nor {INDEX}"
    if isinstance(files, ArchiveFiles):
        return f"{files.description} is a tar archive, but no image: {neither}{_deeper(files)}"
    return f"{files.description} is a folder, but no image: {neither}"


def _deeper(files: ArchiveFiles) -> str:
    """Return a hint, where the archive holds an image layout one folder down."""
    for name in files.names:
        folder, _, last = name.rpartition(b"/")
        if folder and last in (MANIFEST.encode(), INDEX.encode()):
            return f" (but {short_name(name)}: unpack it, and open the folder {short_name(folder)})"
    return ""


def what_it_is(span: FileSpan, name: str) -> str:
    """Return a sentence on a file that is no tar with anything in it."""
    if span.size == 0:
        return f"{name} is empty"
    head = read_span(FileSpan(span.path, span.offset, min(span.size, _HEAD), span.size), name)
    if not head.strip(b"\0"):
        return f"{name} is an empty tar archive"
    if _is_text(head):
        return f"{name} is text, and no image"
    return f"{name} is no image: it is neither a tar archive nor one that is compressed with gzip, zstd, xz or bzip2"


def _is_text(head: bytes) -> bool:
    """Tell whether the bytes look like text; a character that the cut has broken at the end does not count."""
    text = head.decode("utf-8", "ignore")
    return len(text.encode()) > len(head) - 4 and all(c.isprintable() or c.isspace() for c in text)
