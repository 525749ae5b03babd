"""Named files of an archive or a folder: a source locates a file, and the shared code here reads it."""

from typing import Protocol, TypeVar

from layerscope.errors import InvalidManifest, MissingBlob, os_reason
from layerscope.model.digest import Digest
from layerscope.model.documents import decode
from layerscope.model.span import FileSpan
from layerscope.sources.stream.span_file import SpanFile
from layerscope.text import human_size, short_name

T = TypeVar("T")

DOCUMENT_LIMIT = 32 * 1024 * 1024
"""The largest JSON document that is read; those of honest images are smaller."""


class Files(Protocol):
    """The files of an archive or a folder, by name."""

    @property
    def description(self) -> str:
        """The name of the archive or folder for messages; safe for a screen."""

    @property
    def error(self) -> str | None:
        """The reason why files may be missing, if the archive is truncated or broken."""

    def span(self, name: str) -> FileSpan | None:
        """Return the span of the file, or None if there is no such file.

        Raises MissingBlob if the name leads out of the archive or folder, or to a loop of links.
        """


def holds(files: Files, name: str) -> bool:
    """Return True if there is such a file."""
    try:
        return files.span(name) is not None
    except MissingBlob:
        return False


def located(files: Files, name: str) -> str:
    """Return the name of a file for messages: ``manifest.json in my-app.tar``."""
    return f"{short_name(name)} in {files.description}"


def read(files: Files, name: str, limit: int = DOCUMENT_LIMIT) -> bytes:
    """Return the bytes of a file.

    Raises MissingBlob if it is missing or cannot be read, InvalidManifest if it is truncated or exceeds the limit.
    """
    span = files.span(name)
    if span is None:
        reason = f"; {files.error}" if files.error else ""
        raise MissingBlob(f"{short_name(name) or 'a file without a name'} is not in {files.description}{reason}")
    if span.stated_size > limit:
        raise InvalidManifest(f"{located(files, name)} is too large for a document ({human_size(span.stated_size)})")
    if span.truncated:
        raise InvalidManifest(f"{located(files, name)} is incomplete: the archive is truncated")
    return read_span(span, located(files, name))


def read_span(span: FileSpan, name: str) -> bytes:
    """Return all bytes of a span; raises MissingBlob, which calls it ``name``, if they cannot be read."""
    try:
        with SpanFile(span) as file:
            return file.readall()
    except OSError as error:
        raise MissingBlob(f"cannot read {name}: {os_reason(error)}") from error


def read_document(files: Files, name: str, kind: type[T]) -> T:
    """Return the JSON document of the given type in the file; raises as `read` and `decode` do."""
    return decode(read(files, name), kind, located(files, name))


def sha256_of(data: bytes) -> Digest:
    """Return the digest of the bytes."""
    import hashlib  # noqa: PLC0415  # 5 ms, and most images name their documents by digest

    return Digest("sha256", hashlib.sha256(data).hexdigest())
