"""A container whose writable layer has still to be read, and whose image may have to be exported first."""

from collections.abc import Sequence

from layerscope.model.candidate import Candidate
from layerscope.model.image import Image
from layerscope.sources.engine.client import EngineClient
from layerscope.sources.engine.container.lookup import EngineContainer
from layerscope.sources.engine.export import AwaitedImage
from layerscope.sources.engine.replies import EngineInfo
from layerscope.sources.image.choice import choose
from layerscope.sources.image.origin import Origin
from layerscope.sources.stream.spool import Spool


class AwaitedContainer:
    """A container, and what is known of it until its writable layer is read.

    ``image`` is its image where that has to be exported, and else what the engine has of it; an empty sequence if it
    has been removed.
    """

    def __init__(
        self,
        found: EngineContainer,
        info: EngineInfo,
        image: AwaitedImage | Sequence[Candidate],
        origin: Origin,
        spool: Spool,
    ) -> None:
        self.endpoint = found.client.endpoint
        self.to_export = image if isinstance(image, AwaitedImage) else None
        """The image that has to be exported before the writable layer is read."""
        self._candidates = image.candidates if isinstance(image, AwaitedImage) else image
        self._client = EngineClient(self.endpoint)
        self._found = found._replace(client=self._client)
        self._info = info
        self._origin = origin
        self._spool = spool

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """The container as an image, with what is known of its layers."""
        image = choose(self._candidates, name=self._origin.reference).build() if self._candidates else None
        container = self._container(image)
        return (
            Candidate(lambda: container, container.tags, container.platform, container.digest, container.config_digest),
        )

    def _container(self, image: Image | None) -> Image:
        from layerscope.sources.engine.container.writable_layer import container_image  # noqa: PLC0415  # tarfile

        return container_image(self._found, image, self._origin)

    def completed(self, image: Image) -> Image:
        """Return the container on top of its image; raises SourceError where the writable layer cannot be read."""
        from layerscope.sources.engine.container.writable_layer import with_writable_layer  # noqa: PLC0415  # as above

        with self._client:
            container = self._container(image if self._candidates else None)
            return with_writable_layer(container, self._found, self._info, self._spool)

    def cancel(self) -> None:
        """End `completed` in another thread: it raises SourceError there."""
        self._client.cancel()
