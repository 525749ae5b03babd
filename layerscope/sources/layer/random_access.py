"""Random access to the bytes of uncompressed layers, without decompressing a layer from its start for each read.

A plain layer is read in place, a gzip layer from checkpoints, any other from a spool. Checkpoints and spools are made
as far as reads need them, and never for a listing.
"""

from collections.abc import Iterator
from threading import Lock
from typing import Protocol

from layerscope.errors import InvalidLayer, os_reason
from layerscope.model.image import Compression, Layer
from layerscope.sources.layer.content import PlainContent
from layerscope.sources.layer.content_spool import SpoolBudget, SpooledContent
from layerscope.sources.layer.gzip_checkpoints import CheckpointedContent
from layerscope.sources.store.tar_split import TarSplitContent


class RandomContent(Protocol):
    """The bytes of an uncompressed layer; several threads may read them."""

    def read(self, offset: int, size: int) -> bytes:
        """Return exactly these bytes; raises InvalidLayer where the layer ends before them or is broken."""

    def prepare(self) -> Iterator[int]:
        """Make every later read quick, and yield the number of stored bytes read, now and then.

        The caller may stop at any yield. A break ends it without an error; a read of the bytes behind it raises one.
        """

    def close(self) -> None:
        """Close open files, and remove temporary ones."""


def open_random_content(layer: Layer, budget: SpoolBudget) -> RandomContent:
    """Open the content of a layer; raises InvalidLayer where it is missing or cannot be opened."""
    try:
        if layer.unpacked is not None:
            return TarSplitContent(layer.unpacked)
        if layer.blob is None or layer.compression is None:
            raise InvalidLayer(layer.problem or "the layer is missing")
        match layer.compression:
            case Compression.NONE:
                return PlainContent(layer.blob)
            case Compression.GZIP:
                return CheckpointedContent(layer.blob)
            case _:
                return SpooledContent(layer.blob, layer.compression, budget)
    except OSError as error:
        raise InvalidLayer(f"cannot read the layer: {os_reason(error)}") from error


class RandomContents:
    """The opened content of layers, each opened once; any thread may use it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._budget = SpoolBudget()
        self._opened: dict[int, RandomContent] = {}
        self._closed = False

    def of(self, layer: Layer) -> RandomContent:
        """Return the content of the layer; raises InvalidLayer where it cannot be opened, or after `close`."""
        with self._lock:
            if self._closed:
                raise InvalidLayer("the image has been closed")
            content = self._opened.get(layer.number)
            if content is None:
                content = self._opened[layer.number] = open_random_content(layer, self._budget)
            return content

    def close(self) -> None:
        """Close them all; none can be opened again."""
        with self._lock:
            self._closed = True
            for content in self._opened.values():
                content.close()
            self._opened.clear()
