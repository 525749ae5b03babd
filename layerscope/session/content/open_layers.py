"""The layers of an open image, ready to be read."""

from threading import Lock
from typing import TYPE_CHECKING

from layerscope.cache.cache import Cache
from layerscope.errors import InvalidLayer, ReadingStopped, SourceError
from layerscope.model.image import Image, Layer
from layerscope.session.kept_image import with_kept_content
from layerscope.session.reading.known_layers import KnownLayers
from layerscope.work import is_cancelled

if TYPE_CHECKING:
    from layerscope.sources.layer.random_access import RandomContent, SpoolBudget


class OpenLayers:
    """The layers of an open image, with their content and what is ``known`` of them. Safe for several threads.

    Layers that an engine has described, and not sent, are exported when the first of them is to be read.
    """

    def __init__(self, image: Image, cache: Cache | None = None) -> None:
        self.cache = cache
        self._opened: dict[int, RandomContent] = {}
        self._budget: SpoolBudget | None = None
        self._lock = Lock()
        self._export_lock = Lock()
        self._is_closed = False
        self.take(image)

    def take(self, image: Image) -> None:
        """Take the image as its source knows it now."""
        self.image = image
        self.known = KnownLayers(self.cache, image.layers, image.reference)
        self._readable: dict[int, Layer] = {}
        self.exported = image if image.export is None else None
        """The image with the content of its layers; None until a layer is needed that the cache does not have."""

    def readable(self, number: int) -> Layer:
        """Return a layer with its content, exported now if there is no other way; raises InvalidLayer."""
        layer = self._readable.get(number)
        if layer is None:
            layer = self._readable[number] = self._with_content(self.image.layers[number - 1])
        return layer

    def to_read(self) -> list[Layer]:
        """Return the layers, with content if a record that the cache has of one is damaged; raises InvalidLayer."""
        layers = list(self.image.layers)
        if self.image.export is None:
            return layers
        return [
            layer if layer.writable or self.known.entries(layer) else self.readable(layer.number) for layer in layers
        ]

    def _with_content(self, layer: Layer) -> Layer:
        is_here = layer.blob is not None or layer.unpacked is not None
        if self.image.export is None or is_here or self.cache is None:
            return layer
        known = with_kept_content(self.cache, layer)
        if known.blob is not None:
            return known
        # not the lock that `close` takes: an export may take minutes
        with self._export_lock:
            if self.exported is None:
                try:
                    self.exported = self.image.export(self._stop_if_closed)
                except SourceError as error:
                    raise InvalidLayer(str(error)) from error
        return self.exported.layers[layer.number - 1]

    def random_content(self, number: int) -> "RandomContent":
        """Return the content of a layer, opened once for reads at any offset; raises InvalidLayer, also once closed."""
        # 10 ms: tempfile, which a listing does not need
        from layerscope.sources.layer.random_access import SpoolBudget, open_random_content  # noqa: PLC0415

        layer = self.readable(number)
        with self._lock:
            if self._is_closed:
                raise InvalidLayer("the image has been closed")
            self._budget = self._budget or SpoolBudget()
            content = self._opened.get(number)
            if content is None:
                content = self._opened[number] = open_random_content(layer, self._budget)
            return content

    def _stop_if_closed(self, _done: int, _total: int | None) -> None:
        if self.is_stopped():
            raise ReadingStopped("the export was stopped")

    def is_stopped(self) -> bool:
        """Return True once long readings have to end."""
        return self._is_closed or is_cancelled()

    def stop(self) -> None:
        """End every long reading of content within a second: it raises ReadingStopped. Any thread may call it."""
        self._is_closed = True

    def close(self) -> None:
        """Close what is open, and end what another process finds out; no layer can be read after that."""
        with self._lock:
            self.stop()
            for content in self._opened.values():
                content.close()
            self._opened.clear()
        self.known.end_expected()
