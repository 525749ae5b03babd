"""Named files of an archive or a folder: a source only locates them."""

from typing import Protocol

from layerscope.errors import MissingBlob, os_reason
from layerscope.model.span import FileSpan
from layerscope.sources.stream.span_file import SpanFile
from layerscope.text import short_name


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


def read_span(span: FileSpan, name: str) -> bytes:
    """Return all bytes of a span; raises MissingBlob, which calls it ``name``, if they cannot be read."""
    try:
        with SpanFile(span) as file:
            return file.readall()
    except OSError as error:
        raise MissingBlob(f"cannot read {name}: {os_reason(error)}") from error
