"""Images and containers of local engines, opened by name."""

from functools import partial

from msgspec.structs import replace

from layerscope.errors import DigestMismatch, EngineUnavailable, ImageNotFound
from layerscope.model.candidate import Candidate
from layerscope.model.engine import Engine
from layerscope.model.image import Image
from layerscope.model.progress import Progress
from layerscope.sources.engine.client import EngineClient
from layerscope.sources.engine.containers import engine_container
from layerscope.sources.engine.exported import tags_named_first, with_id, with_tags, with_verified_layers
from layerscope.sources.engine.lookup import EngineImage, engine_image
from layerscope.sources.engine.reference import EngineReference
from layerscope.sources.engine.replies import ImageDetails
from layerscope.sources.engine.stored import storage_of, stored_candidates
from layerscope.sources.engine.writable_layer import with_writable_layer
from layerscope.sources.image.archive_file import open_archive
from layerscope.sources.image.origin import Origin
from layerscope.sources.request import Request
from layerscope.sources.stream.spool import Spool

Candidates = tuple[Candidate, ...]


def open_image(wanted: EngineReference, request: Request, spool: Spool) -> Candidates:
    """Return an engine's image; raises ImageNotFound and EngineUnavailable as `engine_image` does."""
    try:
        with engine_image(wanted) as found:
            return _candidates(found, wanted.name, request, spool)
    except EngineUnavailable:
        candidates = _from_podman_command(wanted, request, spool)
        if candidates is None:
            raise
        return candidates


def open_container(wanted: EngineReference, request: Request, spool: Spool) -> Candidates:
    """Return a container as an image with one more layer; raises as `engine_container` does."""
    with engine_container(wanted) as found:
        try:
            image = EngineImage(found.client, found.client.image(found.image_id))
            candidates = _candidates(image, found.container.image, request, spool)
        except ImageNotFound:
            candidates = ()
        return (with_writable_layer(found, candidates, Origin.engine(request.reference, found.client.engine), spool),)


def open_stored_image(wanted: EngineReference, request: Request) -> Candidates:
    """Return an engine's image if its store can be read, else nothing; raises as `open_image` does."""
    with engine_image(wanted) as found:
        info = found.client.info()
        candidates = stored_candidates(found, info, Origin.engine(request.reference, found.client.engine))
        described = partial(storage_of, found, info)
        return tuple(found.named(candidate, wanted.name, described) for candidate in candidates)


def _candidates(found: EngineImage, name: str, request: Request, spool: Spool) -> Candidates:
    """Return an engine's image from its store, from what is known, or else exported."""
    origin, info = Origin.engine(request.reference, found.client.engine), found.client.info()
    candidates = (
        stored_candidates(found, info, origin)
        or _known(found, origin, request, spool)
        or _exported(found.client, found.details, origin, request, spool)
    )
    described = partial(storage_of, found, info)
    return tuple(found.named(candidate, name, described) for candidate in candidates)


def _exported(
    client: EngineClient, details: ImageDetails, origin: Origin, request: Request, spool: Spool
) -> Candidates:
    """Export an image by its id, since a tag may move, and hash its layers."""
    archive = spool.chunks(client.export(details.image_id), f"the image {request.title}", details.size)
    candidates = with_id(open_archive(archive, request.title, origin, spool), details.image_id)
    return tuple(with_verified_layers(candidate) for candidate in candidates)


def _known(found: EngineImage, origin: Origin, request: Request, spool: Spool) -> Candidates:
    """Return an image whose layers are known, and that is exported once their content is needed."""
    known = None if request.known is None else request.known(found.details.image_id)
    if known is None:
        return ()
    endpoint, details = found.client.endpoint, found.details
    diff_ids = [layer.diff_id for layer in known.layers]

    def export(progress: Progress) -> Image:
        with EngineClient(endpoint) as client:
            candidates = _exported(client, details, origin, request, spool.with_progress(progress))
        images = (candidate.build() for candidate in candidates if candidate.set_aside is None)
        for image in images:
            if [layer.diff_id for layer in image.layers] == diff_ids:
                return image
        raise DigestMismatch(f"the engine exported another image than {request.title}")

    image = replace(known, reference=origin.reference, export=export)
    return (Candidate(lambda: image, (), image.platform, image.digest, image.config_digest),)


def _from_podman_command(wanted: EngineReference, request: Request, spool: Spool) -> Candidates | None:
    """Export an image with podman's command, if the user named podman and its service does not answer."""
    from layerscope.sources.engine import podman_command  # noqa: PLC0415  # processes, which a socket does not need

    if wanted.engine is not Engine.PODMAN or not podman_command.is_usable():
        return None
    details = podman_command.inspect(wanted.name)
    archive = podman_command.save(wanted.name, details.image_id, spool)
    candidates = open_archive(archive, request.title, Origin.engine(request.reference, Engine.PODMAN), spool)
    tags = tags_named_first(details.tags or (), wanted.name)
    return tuple(with_tags(candidate, tags) for candidate in with_id(candidates, details.image_id))
