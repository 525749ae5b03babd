"""An open image: where it came from, its layers, and what was read of them."""

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from layerscope.cache.cache import Cache
from layerscope.errors import UsageError
from layerscope.model.candidate import Candidate
from layerscope.model.engine import Engine
from layerscope.model.image import Image
from layerscope.session.content.open_layers import OpenLayers
from layerscope.session.kept_image import keep_outline, keep_received
from layerscope.session.reading.loading import LayerReading
from layerscope.sources.open import OpenedSource
from layerscope.sources.request import STANDARD_INPUT

if TYPE_CHECKING:
    from layerscope.analysis.tree.tally import Tallies
    from layerscope.model.content_facts import ContentNeeds
    from layerscope.session.dockerfile.remembered_build import RememberedBuild
    from layerscope.session.loaded_image import LoadedImage
    from layerscope.sources.engine.container.writable_layer import AwaitedContainer
    from layerscope.sources.engine.export import AwaitedImage


class ImageRequest(NamedTuple):
    """A request of the user: a reference, and the options that say which image of it."""

    reference: str
    image: str | None = None
    platform: str | None = None
    engine: Engine | None = None
    from_tables: bool = False
    """List layers of a registry from their tables of contents, where they have any."""


class ImageSession(AbstractContextManager["ImageSession"]):
    """An open image. A context manager: closing it removes temporary files, and keeps in the cache what was read."""

    def __init__(
        self,
        image: Image,
        source: OpenedSource,
        *,
        owns_source: bool = True,
        cache: Cache | None = None,
        from_tables: bool = False,
    ) -> None:
        self.layers = OpenLayers(image, cache, from_tables=from_tables)
        self._reading = LayerReading(self.layers)
        self._source = source
        self._owns_source = owns_source
        self._when_stopped: Callable[[], None] | None = None
        self.dockerfile_name: str | None = None
        """The Dockerfile that the user named, for an image that does not hold it."""

    @property
    def image(self) -> Image:
        """The image; until it is received, as its engine describes it."""
        return self.layers.image

    @property
    def cache(self) -> Cache | None:
        return self.layers.cache

    @cached_property
    def build(self) -> "RememberedBuild | None":
        """The last build of the image by layerscope, if it is known."""
        # 3 ms, not before it is needed
        from layerscope.session.dockerfile.remembered_build import remembered_build  # noqa: PLC0415

        return None if self.cache is None else remembered_build(self.cache, self.image)

    @property
    def tallies(self) -> "Tallies":
        """The figures of each layer; reads the layers on first use. A list of layers needs no more than these."""
        return self._reading.tallies

    def load(self, needs: "ContentNeeds | None" = None, *, compares_files: bool = False) -> "LoadedImage":
        """Return the image with its layers, read by this process on first use, as `LayerReading.load` does."""
        return self._reading.load(needs, compares_files=compares_files)

    @property
    def awaited(self) -> "AwaitedImage | AwaitedContainer | None":
        """The image or container in its engine, which has still to send it; None once it is received."""
        return self._source.awaited

    @property
    def is_awaited(self) -> bool:
        """True while layers have to come from an engine or a registry before they can be read."""
        return self.awaited is not None or bool(self.layers.unfetched)

    def take_image(self, image: Image) -> None:
        """Take the image as the engine has sent it."""
        self.layers.take(replace(image, requested_tag=self.image.requested_tag))
        self._source.awaited = None

    @property
    def choices(self) -> Sequence[Candidate]:
        return self._source.choices

    @property
    def position(self) -> int | None:
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
        switched = ImageSession(
            choice.build(),
            self._source,
            owns_source=self._owns_source,
            cache=self.cache,
            from_tables=self.layers.from_tables,
        )
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
        return ImageRequest(request.reference, tag, platform, request.engine, self.layers.from_tables)

    def when_stopped(self, stop: Callable[[], None]) -> None:
        self._when_stopped = stop

    def stop_reading(self) -> None:
        """End every long reading of content within a second: it raises ReadingStopped. Any thread may call it."""
        self.layers.stop()
        if self._when_stopped is not None:
            self._when_stopped()

    def close(self) -> None:
        """Remove temporary files, and keep what was read for the next run; no layer can be read after that."""
        self.stop_reading()
        self.layers.close()
        if self.cache is not None:
            keep_received(self.cache, self.layers, self._source.request.platform)
            self.layers.known.settle()
            keep_outline(self.cache, self.image)
        if self._owns_source:
            self._source.close()

    def __exit__(self, *_exit: object) -> None:
        self.close()
