"""The images of the local engines."""

from msgspec import Struct

from layerscope.errors import EngineUnavailable
from layerscope.model.local_image import LocalImage
from layerscope.sources.engine.connection import connected
from layerscope.sources.engine.endpoints import endpoints
from layerscope.sources.engine.inspected import tags_of

_ZERO_TIME = -62_135_596_800
"""Go's zero time, the year 1, which stands for an unknown time."""


class _Listed(Struct, frozen=True, rename="pascal"):
    id: str
    repo_tags: list[str] | None = None
    size: int | None = None
    created: int | None = None


def local_images() -> list[LocalImage]:
    """Return the images of all engines that answer, each engine's newest first.

    Raises EngineUnavailable if none answers.
    """
    images: list[LocalImage] = []
    refusals: list[str] = []
    answered: set[str] = set()
    for endpoint in endpoints():
        if endpoint.engine in answered:
            continue
        try:
            with connected(endpoint) as connection:
                listed = connection.document("/images/json", list[_Listed]) or []
            images += [_local_image(endpoint.engine, image) for image in listed]
            answered.add(endpoint.engine)
        except EngineUnavailable as error:
            refusals.append(str(error))
    if not answered:
        raise EngineUnavailable(f"no container engine answers (tried {'; '.join(refusals)})")
    return images


def _local_image(engine: str, image: _Listed) -> LocalImage:
    created = None if image.created is None or image.created <= _ZERO_TIME else image.created
    return LocalImage(engine, tags_of(image.repo_tags), image.id, image.size, created)
