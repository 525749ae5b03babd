"""An open image: what every command and screen reads it through."""

import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from layerscope.analysis.tree.tally import Tallies
from layerscope.cache.cache import Cache
from layerscope.cancellation import is_cancelled
from layerscope.errors import InvalidLayer, LayerscopeError, ReadingStopped, SourceError, UsageError
from layerscope.model.candidate import Candidate
from layerscope.model.engine import Engine
from layerscope.model.image import Image, Layer
from layerscope.model.progress import ExportProgress
from layerscope.session.reading.known_layers import KnownLayers
from layerscope.sources.open import OpenedSource
from layerscope.sources.request import STANDARD_INPUT

if TYPE_CHECKING:
    from layerscope.analysis.dockerfile.placed import PlacedDockerfile
    from layerscope.analysis.tree.layered_tree import LayeredTree
    from layerscope.session.content.content_facts import ContentFacts
    from layerscope.session.dockerfile.remembered_build import RememberedBuild
    from layerscope.session.loaded_image import LoadedImage
    from layerscope.session.reading.background import LayerReader, ReceiveEvent
    from layerscope.session.reading.reception import Reception
    from layerscope.session.reading.stack import LayerStack
    from layerscope.sources.engine.container.writable_layer import AwaitedContainer
    from layerscope.sources.engine.export import AwaitedImage
    from layerscope.sources.layer.random_access import RandomContent, RandomContents


class ImageRequest(NamedTuple):
    """A request of the user: a reference, and the options that say which image of it."""

    reference: str
    image: str | None = None
    platform: str | None = None
    engine: Engine | None = None


class ImageSession(AbstractContextManager["ImageSession"]):
    """An open image, and what was read of it. A context manager: closing it removes temporary files."""

    def __init__(
        self, image: Image, source: OpenedSource, *, owns_source: bool = True, cache: Cache | None = None
    ) -> None:
        self.image = image
        """The image; until it is received, as its engine describes it."""
        self._source = source
        self._owns_source = owns_source
        self.cache = cache
        self.known_layers = KnownLayers(cache, image.layers, image.reference)
        self._reception: Reception | None = None
        self._lock = Lock()
        self._export_lock = Lock()
        self._closed = False
        self._random_contents: RandomContents | None = None
        self._exported = image if image.export is None else None
        """The image with the content of its layers; None until a layer is needed that the cache does not have."""
        self._facts_ahead: Generator[tuple[Layer, ContentFacts]] | None = None
        self.compares_files = False
        """True if the files of the image will be compared: that begins before the tree is complete."""
        self.dockerfile_name: str | None = None
        """The Dockerfile that the user named, for an image that does not hold it."""

    @cached_property
    def build(self) -> "RememberedBuild | None":
        """The last build of the image by layerscope, if it is known."""
        from layerscope.session.dockerfile.remembered_build import remembered_build  # noqa: PLC0415  # not needed to start

        return None if self.cache is None else remembered_build(self.cache, self.image)

    @cached_property
    def dockerfile(self) -> "PlacedDockerfile":
        """The Dockerfile, its lines placed; raises as `dockerfile_of` does, also where there is none."""
        from layerscope.session.dockerfile.lines import dockerfile_of  # noqa: PLC0415  # not needed to start

        return dockerfile_of(self.image, self.dockerfile_name, build=self.build)

    @cached_property
    def _stack(self) -> "LayerStack":
        # the explorer reads in another process
        from layerscope.session.reading.in_process import read_layers  # noqa: PLC0415
        from layerscope.session.reading.stack import LayerStack  # noqa: PLC0415

        stack = LayerStack()
        for number, entries in read_layers(self._layers_to_read(), self.known_layers, stack.grow):
            stack.apply(number, entries)
        return stack

    @cached_property
    def tallies(self) -> Tallies:
        """The figures of each layer; reads the layers on first use. A list of layers needs no more than these."""
        known = self.known_layers.tallies()
        if known is not None:
            return known
        tallies = self._stack.tallies()
        self.known_layers.keep_tallies(tallies)
        return tallies

    @cached_property
    def loaded(self) -> "LoadedImage":
        """The image with its layers, read by this process on first use."""
        known = self.known_layers.tree()
        if known is not None:
            return self.loaded_from(*known)
        tallies = self.tallies
        self._start_to_compare()
        tree = self._stack.tree()
        self.known_layers.keep_tree(tree, tallies)
        # the stack and the entries hold every path again
        self.known_layers.settle()
        del self._stack
        loaded = self.loaded_from(tree, tallies)
        if self._facts_ahead is not None:
            loaded.contents.expect(self._facts_ahead)
        return loaded

    def _start_to_compare(self) -> None:
        if self.compares_files:
            from layerscope.session.content.content_ahead import facts_ahead  # noqa: PLC0415  # a listing needs none

            self._facts_ahead = facts_ahead(self.image, self._stack.overlay)

    def loaded_from(self, tree: "LayeredTree", tallies: Tallies) -> "LoadedImage":
        """Return the image with layers that the reader process has read."""
        # not before the first screen
        from layerscope.session.content.contents import Contents  # noqa: PLC0415
        from layerscope.session.loaded_image import LoadedImage  # noqa: PLC0415

        return LoadedImage(
            self.image,
            tree,
            tallies,
            Contents(
                self.image,
                tree,
                readable=self._readable,
                random_content=self._random_content,
                is_stopped=self.is_stopped,
                known=self.known_layers,
            ),
        )

    def _layers_to_read(self) -> list[Layer]:
        """Return the layers, with content if a record that the cache has of one is damaged; raises InvalidLayer."""
        layers = list(self.image.layers)
        if self.image.export is None:
            return layers
        return [
            layer if layer.writable or self.known_layers.entries(layer) else self._readable(layer) for layer in layers
        ]

    def _readable(self, layer: Layer) -> Layer:
        """Return a layer with its content, exported now if there is no other way; raises InvalidLayer."""
        is_here = layer.blob is not None or layer.unpacked is not None
        if self.image.export is None or is_here or self.cache is None:
            return layer
        from layerscope.session.content.exported_content import with_kept_content  # noqa: PLC0415  # only with engines

        known = with_kept_content(self.cache, layer)
        if known.blob is not None:
            return known
        # not the lock that `close` takes: an export may take minutes
        with self._export_lock:
            if self._exported is None:
                try:
                    self._exported = self.image.export(self._stop_if_closed)
                except SourceError as error:
                    raise InvalidLayer(str(error)) from error
        return self._exported.layers[layer.number - 1]

    def _stop_if_closed(self, _done: int, _total: int | None) -> None:
        if self.is_stopped():
            raise ReadingStopped("the export was stopped")

    def _keep_export(self) -> None:
        """Keep what an engine has exported: what the image states, and the content of its layers."""
        image = self._exported
        if self.cache is None or image is None or self.image.engine_key is None:
            return
        from layerscope.session.content.exported_content import keep_content  # noqa: PLC0415  # as above
        from layerscope.session.known_image import keep_image  # noqa: PLC0415  # as above

        stated = self.image.container_image or self.image
        keep_image(self.cache, self.image.engine_key, self._source.request.platform, stated)
        keep_content(self.cache, self.image.reference, image.layers)

    def _keep_outline(self) -> None:
        """Keep what opening a compressed archive reads of it."""
        if self.cache is None or not any(layer.blob and layer.blob.packed for layer in self.image.layers):
            return
        from layerscope.session.known_outline import keep_outline  # noqa: PLC0415  # few archives are compressed

        keep_outline(self.cache, self.image.reference, self.image.layers)

    def _random_content(self, layer: Layer) -> "RandomContent":
        """Return the content of a layer for reads at any offset; raises InvalidLayer, also once the image is closed."""
        from layerscope.sources.layer.random_access import RandomContents  # noqa: PLC0415  # tempfile: a listing needs none

        with self._lock:
            if self._closed:
                raise InvalidLayer("the image has been closed")
            if self._random_contents is None:
                self._random_contents = RandomContents()
        return self._random_contents.of(layer)

    def read_in_background(self, first: int) -> "LayerReader":
        """Start to read the layers in another process, layer ``first`` before the others, unless they are known."""
        from layerscope.session.reading.background import BackgroundReader, KnownReader  # noqa: PLC0415  # subprocess
        from layerscope.session.reading.wire import ReadOrder  # noqa: PLC0415  # the same

        frames = self.known_layers.tree_frames()
        if frames is not None:
            return KnownReader(frames)
        order = ReadOrder(self._layers_to_read(), first, self.known_layers.place, self.image.reference)
        if self.awaited is not None and self.awaited.to_export is not None:
            # a layer that comes is read only if it has its diff_id
            layers = [replace(layer, verified=True) for layer in order.layers]
            place = None if self.cache is None else str(self.cache.place)
            order = replace(order, layers=layers, cache=place, awaited=[layer.number for layer in layers])
        elif self.awaited is not None:
            order = replace(order, awaited=[layer.number for layer in order.layers if layer.writable])
        return BackgroundReader(order)

    @property
    def awaited(self) -> "AwaitedImage | AwaitedContainer | None":
        """The image or container in its engine, which has still to send it; None once it is received."""
        return self._source.awaited

    def receive(self, reader: "LayerReader") -> "Iterator[ReceiveEvent]":
        """Yield what happens while the engine exports the image, and hand each layer that has come to the reader.

        A failure is also the reader's. Any thread may iterate; `stop_reading` ends it.
        """
        from layerscope.session.reading.background import ImageReceived, ReadingFailed  # noqa: PLC0415  # as above
        from layerscope.session.reading.reception import LayerArrived, Reception  # noqa: PLC0415  # exports only

        if self._source.awaited is None:
            return
        self._reception = Reception([self._source.awaited], [self.image], self.is_stopped)
        try:
            for event in self._reception.events():
                if isinstance(event, LayerArrived):
                    for layer in self.image.layers:
                        if layer.diff_id == event.layer.diff_id:
                            reader.take(replace(event.layer, number=layer.number))
                elif isinstance(event, ExportProgress):
                    yield event
                else:
                    self.take_image(event.images[0])
                    if self.image.container is not None:
                        reader.take(self.image.layers[-1])
                    yield ImageReceived(self.image)
        except ReadingStopped:
            return
        except LayerscopeError as error:
            reader.failure = str(error)
            yield ReadingFailed(reader.failure)

    def take_image(self, image: Image) -> None:
        """Take the image as the engine has sent it."""
        self.image = replace(image, requested_tag=self.image.requested_tag)
        self._exported = self.image if image.export is None else None
        self.known_layers = KnownLayers(self.cache, image.layers, image.reference)
        self._source.awaited = None

    @property
    def choices(self) -> Sequence[Candidate]:
        """All images of the source, this one among them."""
        return self._source.choices

    @property
    def position(self) -> int | None:
        """The position of this image among the choices."""
        return next((number for number, choice in enumerate(self.choices) if choice.is_of(self.image)), None)

    @property
    def lasting_reference(self) -> str | None:
        """A reference that opens the same from every folder; None for standard input."""
        reference = self._source.request.reference
        if reference == STANDARD_INPUT:
            return None
        return os.path.abspath(reference) if os.path.exists(reference) else reference  # noqa: PTH100, PTH110  # as typed

    def switched_to(self, choice: Candidate) -> "ImageSession":
        """Open another image of the source, which closes with the new session; this one has still to be closed.

        Raises FormatError if the documents of the other image are broken.
        """
        switched = ImageSession(choice.build(), self._source, owns_source=self._owns_source, cache=self.cache)
        self._owns_source = False
        return switched

    @property
    def request(self) -> ImageRequest:
        """The request that opens the same image as it is then: a container goes on, a tag moves; raises UsageError."""
        request, image = self._source.request, self.image
        if request.reference == STANDARD_INPUT:
            raise UsageError("standard input can be read only once")
        has_others = len(self.choices) > 1
        tag = image.requested_tag or (next(iter(image.tags), None) if has_others else None)
        platform = request.platform or (str(image.platform) if has_others else None)
        return ImageRequest(request.reference, tag, platform, request.engine)

    def stop_reading(self) -> None:
        """End every long reading of content within a second: it raises ReadingStopped. Any thread may call it."""
        self._closed = True
        if self._reception is not None:
            self._reception.cancel()

    def is_stopped(self) -> bool:
        """Return True once long readings have to end."""
        return self._closed or is_cancelled()

    def close(self) -> None:
        """Remove temporary files; no layer can be read after that."""
        with self._lock:
            self.stop_reading()
        if self._random_contents is not None:
            self._random_contents.close()
        if self._facts_ahead is not None:
            # of which a report that failed has taken none
            self._facts_ahead.close()
        self._keep_export()
        self.known_layers.settle()
        self._keep_outline()
        if self._owns_source:
            self._source.close()

    def __exit__(self, *_exit: object) -> None:
        self.close()
