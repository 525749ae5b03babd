"""A span as a file object."""

from io import RawIOBase
from pathlib import Path

from layerscope.model.span import FileSpan


class SpanFile(RawIOBase):
    """A raw, unbuffered file that holds the bytes of a span."""

    def __init__(self, span: FileSpan) -> None:
        super().__init__()
        self._span = span
        self._position = 0
        self._file = Path(span.path).open("rb", buffering=0)  # noqa: SIM115  # closed by close()
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
        """The number of bytes read so far."""
        return self._position

    def close(self) -> None:
        """Close the file."""
        # the garbage collector also calls this where the file could not be opened
        if hasattr(self, "_file"):
            self._file.close()
        super().close()
