"""Opening an image, for every command and for the explorer."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING

from layerscope.cache.cache import Cache
from layerscope.errors import AmbiguousImage
from layerscope.model.candidate import Candidate
from layerscope.model.engine import Engine
from layerscope.model.progress import ExportProgress, Progress, no_progress
from layerscope.session.image_session import ImageRequest, ImageSession
from layerscope.session.kept_image import KeptImages
from layerscope.sources.open import OpenedSource, open_source
from layerscope.sources.request import REGISTRY

if TYPE_CHECKING:
    from layerscope.model.documents import Digest
    from layerscope.model.image import Layer


class UndecidedImage(AbstractContextManager["UndecidedImage"]):
    """An open source with several images, one of which the user has to choose.

    A context manager: closing it removes temporary files.
    """

    def __init__(
        self, source: OpenedSource, error: AmbiguousImage, cache: Cache | None = None, *, from_tables: bool = False
    ) -> None:
        self._source = source
        self._cache = cache
        self._from_tables = from_tables
        self._session: ImageSession | None = None
        self.error = error

    @property
    def reference(self) -> str:
        return self._source.request.reference

    @property
    def choices(self) -> Sequence[Candidate]:
        return self._source.choices

    def choose(self, choice: Candidate) -> ImageSession:
        """Open one of the choices, which others may follow; raises FormatError if its documents are broken.

        The source stays open until this is closed.
        """
        if self._session is not None:
            self._session.close()
        self._session = ImageSession(
            choice.build(), self._source, owns_source=False, cache=self._cache, from_tables=self._from_tables
        )
        return self._session

    def stop_reading(self) -> None:
        """End every long reading of the chosen image's content, as `ImageSession.stop_reading` does."""
        if self._session is not None:
            self._session.stop_reading()

    def close(self) -> None:
        """Remove temporary files."""
        if self._session is not None:
            self._session.close()
        self._source.close()

    def __exit__(self, *_exit: object) -> None:
        self.close()


def open_or_choose(
    reference: str,
    image: str | None = None,
    platform: str | None = None,
    progress: Progress | None = None,
    *,
    engine: Engine | None = None,
    cache: Cache | None = None,
    from_tables: bool = False,
) -> ImageSession | UndecidedImage:
    """Open the image that the reference, the tag and the platform name, or all of them if these fit several.

    With ``engine``, the reference names an image or a container there. What the ``cache`` knows is not read again.
    Layers of a registry are listed ``from_tables`` of contents, if that is asked for. Raises LayerscopeError.
    """
    known = None if cache is None else KeptImages(cache, platform)
    source = open_source(reference, engine=engine, platform=platform, known=known, progress=progress)
    try:
        return ImageSession(source.choose(image, platform), source, cache=cache, from_tables=from_tables)
    except AmbiguousImage as error:
        return UndecidedImage(source, error, cache, from_tables=from_tables)
    except BaseException:
        source.close()
        raise


def open_image(
    reference: str,
    image: str | None = None,
    platform: str | None = None,
    progress: Progress | None = None,
    *,
    engine: Engine | None = None,
    cache: Cache | None = None,
) -> ImageSession:
    """Open the image that the reference, the tag and the platform name, as `open_or_choose` does."""
    (session,) = open_images([ImageRequest(reference, image, platform, engine)], progress, cache)
    return session


def open_images(
    requests: Sequence[ImageRequest], progress: Progress | None = None, cache: Cache | None = None
) -> list[ImageSession]:
    """Open several images, and receive together those that one engine exports; raises LayerscopeError.

    Close them in reverse order: the first one of an engine keeps the export.
    """
    with ExitStack() as stack:
        sessions = [stack.enter_context(_open_decided(request, progress, cache)) for request in requests]
        _receive_images(sessions, progress or no_progress)
        stack.pop_all()
    return sessions


def open_to_verify(request: ImageRequest, progress: Progress) -> ImageSession:
    """Open an image, or what is left of a broken one, without anything that earlier runs know of it.

    Raises as `open_image` does.
    """
    source = open_source(request.reference, engine=request.engine, platform=request.platform, progress=progress)
    try:
        session = ImageSession(source.choose(request.image, request.platform, salvages=True), source)
        _receive_images([session], progress)
    except BaseException:
        source.close()
        raise
    return session


def open_without_keeping(request: ImageRequest, cache: Cache | None) -> ImageSession:
    """Open an image of which the cache keeps nothing but the documents of a registry, whose layers are not fetched yet.

    Raises as `open_image` does.
    """
    known = None if cache is None or not request.reference.startswith(REGISTRY) else KeptImages(cache, request.platform)
    source = open_source(request.reference, engine=request.engine, platform=request.platform, known=known)
    try:
        image = source.choose(request.image, request.platform)
        return ImageSession(image, source, from_tables=request.from_tables)
    except BaseException:
        source.close()
        raise


def each_image(request: ImageRequest) -> list[ImageRequest]:
    """Return a request for each image of a source that has several, without those that cannot be opened.

    Raises as `open_or_choose` does.
    """
    with open_or_choose(request.reference, platform=request.platform, engine=request.engine) as opened:
        choices = [choice for choice in opened.choices if not (choice.problem or choice.fallback)]
    return [request_of(request, choice) for choice in choices]


def request_of(request: ImageRequest, choice: Candidate) -> ImageRequest:
    """Return the request for one of the several images that a request fits."""
    return request._replace(
        image=next(iter(choice.tags), None) or str(choice.digest or choice.config_digest),
        platform=request.platform or str(choice.platform or "") or None,
    )


def receive(session: ImageSession) -> None:
    """Wait until the engine has exported an image, if it has to; raises as `open_image` does."""
    if session.awaited is not None:
        _receive_together([session], no_progress)


def use_plain_http() -> None:
    """Read registries by plain http from now on: all that this process opens."""
    from layerscope.sources.registry import hosts  # noqa: PLC0415  # 15 ms: TLS, and few ask for this

    hosts.use_plain_http()


def reopened(session: ImageSession, progress: Progress) -> ImageSession:
    """Open the same image again, as it is now; raises as `open_image` does, and UsageError for standard input."""
    (again,) = open_images([session.request], progress, session.cache)
    return again


def first_undecided(
    requests: Sequence[ImageRequest], progress: Progress, cache: Cache | None
) -> tuple[int, UndecidedImage]:
    """Return the first of the requests that fits several images, and these.

    Raises as `open_or_choose` does, and ValueError if each request fits one image.
    """
    for number, request in enumerate(requests):
        opened = _open(request, progress, cache)
        if isinstance(opened, UndecidedImage):
            return number, opened
        opened.close()
    raise ValueError("all requests fit one image")


def _open(request: ImageRequest, progress: Progress | None, cache: Cache | None) -> ImageSession | UndecidedImage:
    return open_or_choose(
        request.reference,
        request.image,
        request.platform,
        progress,
        engine=request.engine,
        cache=cache,
        from_tables=request.from_tables,
    )


def _open_decided(request: ImageRequest, progress: Progress | None, cache: Cache | None) -> ImageSession:
    opened = _open(request, progress, cache)
    if isinstance(opened, UndecidedImage):
        opened.close()
        raise opened.error
    return opened


def _receive_images(sessions: Sequence[ImageSession], progress: Progress) -> None:
    """Wait until the engines have exported the images, those of one engine in one call.

    Raises as `Reception.events` does.
    """
    engines: dict[object, list[ImageSession]] = {}
    for session in sessions:
        if session.awaited is not None:
            engines.setdefault(session.awaited.endpoint, []).append(session)
    for together in engines.values():
        _receive_together(together, progress)
    _fetch_layers(sessions, progress)


def _fetch_layers(sessions: Sequence[ImageSession], progress: Progress) -> None:
    """Fetch the layers that are known only by description, those that several images share once."""
    fetched: dict[Digest, Layer] = {}
    for session in sessions:
        for event in session.layers.fetch_unread(fetched, listed=True):
            if isinstance(event, ExportProgress):
                progress(event.done, event.total)
            elif event.digest is not None and event.problem is None:
                fetched[event.digest] = event


def _receive_together(sessions: Sequence[ImageSession], progress: Progress) -> None:
    # 8 ms, and only for an export
    from layerscope.session.reading.reception import ImagesReceived, Reception  # noqa: PLC0415

    awaited = [session.awaited for session in sessions if session.awaited is not None]
    for event in Reception(awaited, [session.image for session in sessions], sessions[0].layers.is_stopped).events():
        if isinstance(event, ExportProgress):
            progress(event.done, event.total)
        elif isinstance(event, ImagesReceived):
            for session, image in zip(sessions, event.images, strict=True):
                session.take_image(image)
