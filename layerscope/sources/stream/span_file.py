"""A span as a file object, and a check that its file is still the one that was opened."""

import os
from io import FileIO, RawIOBase

from layerscope.errors import InvalidLayer
from layerscope.model.image import FileSpan, version_of


def check_unchanged(span: FileSpan, descriptor: int) -> None:
    """Raise InvalidLayer where the file of a span was replaced, written to or truncated since the image was opened."""
    status = os.fstat(descriptor)
    if span.version not in (None, version_of(status)) or status.st_size < span.offset + span.size:
        raise InvalidLayer("its file has changed since it was opened")


def open_span(span: FileSpan) -> int:
    """Return a descriptor of the file of a span.

    Raises OSError where the file cannot be opened, and InvalidLayer where it has changed since the image was opened.
    """
    descriptor = os.open(span.path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        check_unchanged(span, descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


class SpanFile(RawIOBase):
    """A raw, unbuffered file that holds the bytes of a span; it is opened as `open_span` does."""

    def __init__(self, span: FileSpan) -> None:
        super().__init__()
        self._span = span
        self._position = 0
        self._file = FileIO(open_span(span), "rb")
        self._file.seek(span.offset)

    def readable(self) -> bool:
        """Return True: it can be read."""
        return True

    def readinto(self, buffer: memoryview | bytearray, /) -> int:  # type: ignore[override]  # typeshed: any buffer
        """Read the next bytes of the span into the buffer."""
        wanted = min(len(buffer), self._span.size - self._position)
        count = self._file.readinto(memoryview(buffer)[:wanted]) or 0
        self._position += count
        return count

    def read1(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes, and none at the end."""
        return self.read(size) or b""

    @property
    def position(self) -> int:
        """The position in the span of the next byte to be read."""
        return self._position

    def move_to(self, position: int) -> None:
        """Go on reading at a position in the span."""
        self._file.seek(self._span.offset + position)
        self._position = position

    def check_unchanged(self) -> None:
        """Raise InvalidLayer where the file has changed since the image was opened."""
        check_unchanged(self._span, self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        # the garbage collector also calls this where the file could not be opened
        if hasattr(self, "_file"):
            self._file.close()
        super().close()
