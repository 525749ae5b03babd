"""The layers of an open image, ready to be read."""

from collections.abc import Iterator, Mapping
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from msgspec.structs import replace

from layerscope.cache.cache import Cache
from layerscope.errors import InvalidLayer, ReadingStopped, SourceError
from layerscope.model.documents import Digest
from layerscope.model.image import Image, Layer, Listing
from layerscope.model.progress import ExportProgress
from layerscope.session.kept_image import with_kept_content
from layerscope.session.reading.known_layers import KnownLayers
from layerscope.work import IsStopped, is_cancelled

if TYPE_CHECKING:
    from layerscope.model.entries import LayerEntries
    from layerscope.sources.layer.content import LayerContent
    from layerscope.sources.layer.random_access import RandomContent, SpoolBudget
    from layerscope.sources.layer.table_content import Moves, TableContent


class OpenLayers:
    """The layers of an open image, with their content and what is ``known`` of them. Safe for several threads.

    The content of layers that an engine or a registry has described, and not sent, is fetched when it is to be read.
    Layers are listed ``from_tables`` of contents only where that is asked for.
    """

    def __init__(self, image: Image, cache: Cache | None = None, *, from_tables: bool = False) -> None:
        self.cache = cache
        self.from_tables = from_tables
        self._listed: dict[int, Layer] = {}
        self._moves: dict[int, Moves] = {}
        self._opened: dict[int, RandomContent] = {}
        self._by_range: dict[int, TableContent] = {}
        self._budget: SpoolBudget | None = None
        self._lock = Lock()
        self._fetch_lock = Lock()
        self._is_closed = False
        self.take(image)

    def take(self, image: Image) -> None:
        """Take the image as its source knows it now."""
        if not self.from_tables and any(layer.table for layer in image.layers):
            image = replace(image, layers=tuple(replace(layer, table=None) for layer in image.layers))
        self.image = image
        self.known = KnownLayers(self.cache, image.layers, image.reference)
        self._readable: dict[int, Layer] = {}
        self.fetched: dict[int, Layer] = {}
        """Layers whose content came after the image, by number."""

    def readable(self, number: int) -> Layer:
        """Return a layer with its content, fetched now if there is no other way; raises InvalidLayer."""
        layer = self._readable.get(number)
        if layer is None:
            layer = self._readable[number] = self._with_content(replace(self.image.layers[number - 1], table=None))
        return layer

    @property
    def unfetched(self) -> list[Layer]:
        """The layers whose content has to be fetched before they can be listed."""
        if self.image.fetch is None or self.known.has_tree:
            return []
        return [layer for layer in self.image.layers if not (layer.is_here or self.known.entries(layer))]

    def fetch_unread(
        self, others: Mapping[Digest, Layer] | None = None, *, listed: bool = False
    ) -> Iterator[ExportProgress | Layer]:
        """Fetch the layers that have to be read, the last one first, and take the image with them.

        Yields progress, and each layer with its content, or with a ``problem``. Blobs that ``others`` have are not
        fetched again. Those that come are ``listed`` as well, if that takes no other pass. Raises as the image's
        ``fetch`` does, and ReadingStopped.
        """
        unfetched = self.unfetched
        if self.image.fetch is None or not unfetched:
            return
        layers = list(self.image.layers)
        missing = list[Layer]()
        for layer in [*unfetched[-1:], *unfetched[:-1]]:
            found = self._found(layer, others or {})
            if found is None:
                missing.append(layer)
            else:
                layers[layer.number - 1] = found
                yield found
        entries: list[tuple[Layer, LayerEntries]] = []
        listing = Listing(lambda *each: entries.append(each)) if listed else None
        for event in self.image.fetch(missing, self._stop_if_closed, listing) if missing else ():
            if isinstance(event, Layer):
                layers[event.number - 1] = event
            yield event
        self.take(replace(self.image, layers=tuple(layers)))
        for layer, read in entries:
            self.known.take_entries(layer, read)
            self.known.keep_entries(layer, read)

    def _found(self, layer: Layer, others: Mapping[Digest, Layer]) -> Layer | None:
        """Return a layer with the content that the cache or another image has of it, or None."""
        other = others.get(layer.digest) if layer.digest is not None else None
        if other is not None and other.diff_id == layer.diff_id:
            return replace(other, number=layer.number)
        kept = layer if self.cache is None else with_kept_content(self.cache, layer)
        return kept if kept.blob is not None else None

    def to_read(self) -> list[Layer]:
        """Return the layers, with content if a record that the cache has of one is damaged; raises InvalidLayer."""
        unfetched = {layer.number for layer in self.unfetched}
        return [self.listable(layer) if layer.number in unfetched else layer for layer in self.image.layers]

    def listable(self, layer: Layer) -> Layer:
        """Return a layer with its table of contents, if it has one, else with its content; raises InvalidLayer."""
        if layer.table is None or layer.table.file is not None:
            return layer if layer.is_here else self.readable(layer.number)
        with self._fetch_lock:
            if layer.number not in self._listed:
                self._listed[layer.number] = self._fetched(layer)
        return self._listed[layer.number]

    def _with_content(self, layer: Layer) -> Layer:
        if self.image.fetch is None or layer.is_here:
            return layer
        found = self._found(layer, {})
        if found is not None:
            return found
        # not the lock that `close` takes: an export may take minutes
        with self._fetch_lock:
            if layer.number not in self.fetched:
                self._fetched(layer)
        return self.fetched.get(layer.number, layer)

    def _fetched(self, layer: Layer) -> Layer:
        """Fetch a layer, and return it as it has come; an engine sends others, too."""
        assert self.image.fetch is not None  # noqa: S101  # the callers know
        found = layer
        try:
            for event in self.image.fetch([layer], self._stop_if_closed, None):
                if isinstance(event, Layer):
                    found = event if event.number == layer.number else found
                    if event.table is None:
                        self.fetched[event.number] = event
        except SourceError as error:
            raise InvalidLayer(str(error)) from error
        return found

    def content(self, number: int, is_stopped: IsStopped | None = None) -> "LayerContent":
        """Open the content of a layer for one pass, fetched whole if need be; raises InvalidLayer."""
        # 3 ms, and a list of layers needs no content
        from layerscope.sources.layer.content import open_layer_content  # noqa: PLC0415

        layer, is_stopped = self.readable(number), is_stopped or self.is_stopped
        if self.image.layers[number - 1].table is None:
            return open_layer_content(layer, is_stopped)
        moves = self._moves_of(number)
        return moves.content(open_layer_content(layer, is_stopped))

    def prepare(self, number: int) -> None:
        """Get all that `content` of a layer needs; raises InvalidLayer."""
        self.readable(number)
        if self.image.layers[number - 1].table is not None:
            self._moves_of(number)

    def _moves_of(self, number: int) -> "Moves":
        """Return where the files of a layer are that is listed from its table."""
        # 10 ms, and few layers have a table
        from layerscope.sources.layer.table_content import found_moves  # noqa: PLC0415

        listed, whole = self.listable(self.image.layers[number - 1]), self.readable(number)
        with self._fetch_lock:
            if number not in self._moves:
                self._moves[number] = found_moves(listed, whole, self.is_stopped)
        return self._moves[number]

    def table_content(self, number: int) -> "TableContent | None":
        """Return the content of a layer that is listed from its table, read by ranges; None for others."""
        layer, read_range = self.image.layers[number - 1], self.image.read_range
        if layer.table is None or read_range is None:
            return None
        # as above
        from layerscope.sources.layer.table_content import TableContent  # noqa: PLC0415

        listed = self.listable(layer)
        with self._lock:
            self._check_open()
            if number not in self._by_range:
                whole = partial(self._whole, number)
                self._by_range[number] = TableContent(listed, read_range, whole, self.is_stopped)
            return self._by_range[number]

    def _whole(self, number: int) -> "tuple[RandomContent, Moves]":
        return self._random(self.readable(number)), self._moves_of(number)

    def random_content(self, number: int) -> "RandomContent":
        """Return the content of a layer, opened once for reads at any offset; raises InvalidLayer, also once closed."""
        by_range = self.table_content(number)
        return self._random(self.readable(number)) if by_range is None else by_range

    def _random(self, layer: Layer) -> "RandomContent":
        # 10 ms: tempfile, which a listing does not need
        from layerscope.sources.layer.random_access import SpoolBudget, open_random_content  # noqa: PLC0415

        with self._lock:
            self._check_open()
            self._budget = self._budget or SpoolBudget()
            content = self._opened.get(layer.number)
            if content is None:
                content = self._opened[layer.number] = open_random_content(layer, self._budget)
            return content

    def _check_open(self) -> None:
        if self._is_closed:
            raise InvalidLayer("the image has been closed")

    def _stop_if_closed(self) -> None:
        if self.is_stopped():
            raise ReadingStopped("fetching layers was stopped")

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
