"""The local engines as a source: images and containers by name."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from layerscope.errors import DigestMismatch, ImageNotFound
from layerscope.model.candidate import Candidate
from layerscope.model.image import Layer
from layerscope.model.progress import ExportProgress
from layerscope.sources.engine.export import AwaitedImage, export_now, exported
from layerscope.sources.engine.lookup import EngineContainer, EngineImage, engine_container, engine_image
from layerscope.sources.engine.replies import EngineInfo
from layerscope.sources.engine.stored import storage_of, stored_candidates
from layerscope.sources.image.builder import Origin
from layerscope.sources.request import EngineReference, Request
from layerscope.sources.stream.spool import Spool

if TYPE_CHECKING:
    from layerscope.sources.engine.container.writable_layer import AwaitedContainer

Candidates = tuple[Candidate, ...]


def open_image(wanted: EngineReference, request: Request, spool: Spool) -> Candidates | AwaitedImage:
    """Return an engine's image; raises ImageNotFound and EngineUnavailable as `engine_image` does."""
    with engine_image(wanted) as found:
        image = _look_at(found, found.client.info(), wanted.name, request, spool)
    return image if isinstance(image, tuple) or image.fits(request.platform) else export_now(image)


def open_container(wanted: EngineReference, request: Request, spool: Spool) -> "AwaitedContainer":
    """Return a container, whose writable layer has still to be read; raises as `engine_container` does."""
    from layerscope.sources.engine.container.writable_layer import AwaitedContainer  # noqa: PLC0415  # 9 ms: tarfile

    with engine_container(wanted) as found:
        info = found.client.info()
        origin = Origin.engine(request.reference, found.client.engine)
        return AwaitedContainer(found, info, _image_of(found, info, request, spool), origin, spool)


def _image_of(found: EngineContainer, info: EngineInfo, request: Request, spool: Spool) -> Candidates | AwaitedImage:
    """Return the image of a container, nothing where that has been removed."""
    try:
        image = EngineImage(found.client, found.client.image(found.image_id))
        opened = _look_at(image, info, found.container.image, request, spool)
    except ImageNotFound:
        return ()
    return opened if isinstance(opened, tuple) or opened.candidates else export_now(opened)


def _look_at(
    found: EngineImage, info: EngineInfo, name: str, request: Request, spool: Spool
) -> Candidates | AwaitedImage:
    """Return an image from the engine's store, from what is known, or else what has to be exported."""
    origin = Origin.engine(request.reference, found.client.engine)
    awaited = AwaitedImage(found, info, name, request, spool)
    candidates = stored_candidates(found, info, origin)
    candidates = candidates or _known(awaited, found.key, origin, request)
    if candidates:
        described = partial(storage_of, found, info)
        return tuple(found.named(candidate, name, described) for candidate in candidates)
    return awaited.candidates if awaited.has_no_layers else awaited


def _known(awaited: AwaitedImage, key: str, origin: Origin, request: Request) -> Candidates:
    """Return an image whose layers are known, and that is exported once their content is needed."""
    known = None if request.known is None else request.known.engine_image(key)
    if known is None:
        return ()
    diff_ids = [layer.diff_id for layer in known.layers]

    def fetch(_layers: object, _check: object, _take: object) -> Iterator[ExportProgress | Layer]:
        for event in exported(awaited):
            if isinstance(event, ExportProgress):
                yield event
                continue
            images = (candidate.build() for candidate in event if candidate.set_aside is None)
            same = next((image for image in images if [layer.diff_id for layer in image.layers] == diff_ids), None)
            if same is None:
                raise DigestMismatch(f"the engine exported another image than {request.title}")
            yield from same.layers

    image = replace(known, reference=origin.reference, fetch=fetch)
    return (Candidate(lambda: image, (), image.platform, image.digest, image.config_digest),)
