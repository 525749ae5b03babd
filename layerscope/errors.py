"""Everything that can go wrong with what a user hands us.

::

    LayerscopeError
    ├── UsageError                what was asked for cannot be (no such layer, a bad pattern)
    ├── SourceError               the image cannot be had
    │   ├── ImageNotFound         no file, folder or local image of that name
    │   ├── UnsupportedFormat     it is there, and is no image we know
    │   ├── EngineUnavailable     no engine to ask, or it refuses us
    │   └── AmbiguousImage        several images or platforms; lists the choices
    ├── ReadingStopped            the result of a long reading is not needed any more
    ├── ExtractionFailed          files could not be written (session/extraction/failure.py)
    └── FormatError               the image is broken
        ├── InvalidManifest       a JSON document: names the file and the JSON path
        ├── InvalidLayer          a layer's bytes: names the offset
        ├── MissingBlob           a blob that the image refers to is not there
        ├── DigestMismatch        bytes that are not what their digest says
        └── UnsupportedCompression

Each message is one sentence in plain text. Nothing below the faces prints it or exits.
"""

from collections.abc import Sequence


class LayerscopeError(Exception):
    """The root: its message is one sentence for the user."""

    exit_status = 2


class UsageError(LayerscopeError):
    """The image is fine; what was asked of it is not."""


class SourceError(LayerscopeError):
    """The image cannot be had."""


class ImageNotFound(SourceError):
    """No file, folder or local image goes by the name."""


class UnsupportedFormat(SourceError):
    """The bytes are no image that layerscope can open."""


class EngineUnavailable(SourceError):
    """No container engine answers, or it does not let us in."""


class AmbiguousImage(SourceError):
    """There are several images or platforms, and nothing says which one is meant.

    ``choices`` holds one line of text for each, in the order of the archive.
    """

    def __init__(self, message: str, choices: Sequence[str]) -> None:
        super().__init__(message)
        self.choices = tuple(choices)


class ReadingStopped(LayerscopeError):
    """A reading of content ended early because its result is not needed any more."""


class FormatError(LayerscopeError):
    """The image is broken."""


class InvalidManifest(FormatError):
    """A JSON document of the image is not what the spec says; the message names the JSON path."""


class InvalidLayer(FormatError):
    """The bytes of a layer cannot be read; ``offset`` counts in the uncompressed tar, where it is known."""

    def __init__(self, message: str, offset: int | None = None) -> None:
        super().__init__(message)
        self.offset = offset


class MissingBlob(FormatError):
    """A blob that the image refers to is not there."""


class DigestMismatch(FormatError):
    """Bytes differ from what their digest says."""


class UnsupportedCompression(FormatError):
    """The bytes are compressed or encrypted in a way that layerscope does not read."""


def os_reason(error: OSError) -> str:
    """Return why the operating system refused: ``No space left on device``.

    Errors that Python raises itself (a name with a NUL byte, a file that ends early) have no ``strerror``.
    """
    return error.strerror or str(error) or type(error).__name__
