"""Reads the bytes of an uncompressed layer anywhere, without inflating it from its start each time.

A plain layer is read where it lies; of a gzip layer, checkpoints are kept; any other is spooled. Each is built as far
as it is needed, by the first who reads, and never for a listing.
"""

from collections.abc import Iterator
from threading import Lock
from typing import Protocol

from layerscope.errors import InvalidLayer
from layerscope.model.image import Compression, Layer
from layerscope.sources.layer.content import PlainContent
from layerscope.sources.layer.content_spool import SpoolBudget, SpooledContent
from layerscope.sources.layer.gzip_checkpoints import CheckpointedContent


class RandomContent(Protocol):
    """The bytes of an uncompressed layer; several threads may read at once."""

    def read(self, offset: int, size: int) -> bytes:
        """Return exactly these bytes; raises InvalidLayer where the layer ends before them or is broken."""

    def prepare(self) -> Iterator[int]:
        """Go through to the end, so that every later read is quick; yields the stored bytes that lie behind.

        The caller may stop at any yield. What cannot be read ends it, and is told to who reads there.
        """

    def close(self) -> None:
        """Close what is open, and remove what is temporary."""


def open_random_content(layer: Layer, budget: SpoolBudget) -> RandomContent:
    """Open the content of a layer; raises InvalidLayer where the layer is not there or cannot be opened."""
    if layer.blob is None or layer.compression is None:
        raise InvalidLayer(layer.problem or "the layer is not there")
    try:
        match layer.compression:
            case Compression.NONE:
                return PlainContent(layer.blob)
            case Compression.GZIP:
                return CheckpointedContent(layer.blob)
            case _:
                return SpooledContent(layer.blob, layer.compression, budget)
    except OSError as error:
        raise InvalidLayer(f"the layer cannot be read: {error.strerror}") from error


class RandomContents:
    """The layers that were opened for reading anywhere, each once; any thread may ask."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._budget = SpoolBudget()
        self._opened: dict[int, RandomContent] = {}
        self._closed = False

    def of(self, layer: Layer) -> RandomContent:
        """Return the content of the layer; raises InvalidLayer where it cannot be opened, or all have been closed."""
        with self._lock:
            if self._closed:
                raise InvalidLayer("the image has been closed")
            found = self._opened.get(layer.number)
            if found is None:
                found = self._opened[layer.number] = open_random_content(layer, self._budget)
            return found

    def close(self) -> None:
        """Close them all, for good."""
        with self._lock:
            self._closed = True
            for content in self._opened.values():
                content.close()
            self._opened.clear()
