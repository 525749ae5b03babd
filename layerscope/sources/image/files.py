"""Named files of an archive or a folder: a source says where a file lies, and the rest is derived here."""

from typing import Protocol, TypeVar

from layerscope.errors import InvalidManifest, MissingBlob, os_reason
from layerscope.model.digest import Digest
from layerscope.model.documents import decode
from layerscope.model.span import FileSpan
from layerscope.sources.stream.span_file import SpanFile
from layerscope.text import human_size, short_name

T = TypeVar("T")

DOCUMENT_LIMIT = 32 * 1024 * 1024
"""No JSON document of an honest image is larger, so no more is read, whatever size a header states."""


class Files(Protocol):
    """The files of an archive or a folder, by name."""

    @property
    def description(self) -> str:
        """What to call it in a sentence; safe for a screen."""

    @property
    def error(self) -> str | None:
        """Why some of its files may not be found: a sentence, where the archive is cut off or broken."""

    def span(self, name: str) -> FileSpan | None:
        """Return where the file lies, or None where there is none.

        Raises MissingBlob where the name leads out of the archive or folder, or in a circle.
        """


def holds(files: Files, name: str) -> bool:
    """Tell whether there is such a file."""
    try:
        return files.span(name) is not None
    except MissingBlob:
        return False


def located(files: Files, name: str) -> str:
    """Return the name of a file for a sentence: ``manifest.json in my-app.tar``."""
    return f"{short_name(name)} in {files.description}"


def read(files: Files, name: str, limit: int = DOCUMENT_LIMIT) -> bytes:
    """Return the bytes of a file.

    Raises MissingBlob where it is not there or cannot be read, InvalidManifest where it is larger than the limit or cut
    off.
    """
    span = files.span(name)
    if span is None:
        reason = f"; {files.error}" if files.error else ""
        raise MissingBlob(f"{short_name(name) or 'a file without a name'} is not in {files.description}{reason}")
    if span.stated_size > limit:
        raise InvalidManifest(f"{located(files, name)} is too large for a document ({human_size(span.stated_size)})")
    if span.truncated:
        raise InvalidManifest(f"{located(files, name)} is cut off: the archive is truncated")
    return read_span(span, located(files, name))


def read_span(span: FileSpan, name: str) -> bytes:
    """Return all bytes of a span; MissingBlob, which calls it ``name``, where they cannot be read."""
    try:
        with SpanFile(span) as file:
            return file.readall()
    except OSError as error:
        raise MissingBlob(f"{name} cannot be read: {os_reason(error)}") from error


def read_document(files: Files, name: str, kind: type[T]) -> T:
    """Return the JSON document of that kind in the file; raises as `read` and `decode` do."""
    return decode(read(files, name), kind, located(files, name))


def sha256_of(data: bytes) -> Digest:
    """Return the digest of the bytes."""
    import hashlib  # noqa: PLC0415  # 5 ms, and most images name their documents by digest

    return Digest("sha256", hashlib.sha256(data).hexdigest())
