"""The errors that a user can cause or meet, as one tree.

::

    LayerscopeError
    ├── UsageError                    the image is fine, the request is not: no such layer, an invalid pattern
    ├── SourceError                   the image cannot be opened
    │   ├── ImageNotFound             no file, folder or local image has this name
    │   ├── UnsupportedFormat         the file exists and is not an image
    │   ├── EngineUnavailable         no container engine answers, or it refuses the connection
    │   └── AmbiguousImage            several images or platforms; lists the choices
    ├── FormatError                   the image is broken
    │   ├── InvalidManifest           a JSON document: names the file and the JSON path
    │   ├── InvalidLayer              a layer's bytes: carries the offset
    │   ├── MissingBlob               a blob that the image refers to
    │   ├── DigestMismatch            bytes that differ from their digest
    │   └── UnsupportedCompression    a compression or encryption that layerscope cannot read
    ├── ReadingStopped                a long reading was ended, because its result is not needed any more
    └── ExtractionFailed              files could not be written (extraction/options.py)
        └── FileInTheWay              a file exists and may not be replaced

Each message is one sentence of plain text. Only cli, tui and report print a message or exit.
"""

from collections.abc import Sequence


class LayerscopeError(Exception):
    """The root of the tree; the message is one sentence for the user."""


class UsageError(LayerscopeError):
    """An invalid request for an image that is fine."""


class SourceError(LayerscopeError):
    """An image that cannot be opened."""


class ImageNotFound(SourceError):
    """A name that no file, folder or local image has."""


class UnsupportedFormat(SourceError):
    """A file or folder that is not an image."""


class EngineUnavailable(SourceError):
    """No container engine answers, or it refuses the connection."""


class AmbiguousImage(SourceError):
    """Several images or platforms to choose from.

    ``choices`` holds one line of text for each, in the order of the archive.
    """

    def __init__(self, message: str, choices: Sequence[str]) -> None:
        super().__init__(message)
        self.choices = tuple(choices)


class ReadingStopped(LayerscopeError):
    """A reading of content ended early because its result is not needed any more."""


class FormatError(LayerscopeError):
    """A broken image."""


class InvalidManifest(FormatError):
    """A JSON document of the image that violates the spec; the message names the JSON path."""


class InvalidLayer(FormatError):
    """Bytes of a layer that cannot be read; ``offset`` counts in the uncompressed tar and is None if unknown."""

    def __init__(self, message: str, offset: int | None = None) -> None:
        super().__init__(message)
        self.offset = offset


class MissingBlob(FormatError):
    """A blob that the image refers to and that is missing."""


class DigestMismatch(FormatError):
    """Bytes that differ from their digest."""


class UnsupportedCompression(FormatError):
    """Bytes that are compressed or encrypted in a way that layerscope cannot read."""


def os_reason(error: OSError) -> str:
    """Return why the operating system refused: ``No space left on device``.

    Errors that Python raises itself (for a name with a NUL byte, say) have no ``strerror``.
    """
    return error.strerror or str(error) or type(error).__name__
