"""The images of the local engines."""

from typing import Any

from layerscope.errors import EngineUnavailable
from layerscope.model.local_image import LocalImage
from layerscope.sources.engine.endpoints import endpoints
from layerscope.sources.engine.export import connected


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
            with connected(endpoint) as client:
                images += [_local_image(endpoint.engine, facts) for facts in client.images()]
            answered.add(endpoint.engine)
        except EngineUnavailable as error:
            refusals.append(str(error))
    if not answered:
        raise EngineUnavailable(f"no container engine answers (tried {'; '.join(refusals)})")
    return images


def _local_image(engine: str, facts: dict[str, Any]) -> LocalImage:
    tags = tuple(tag for tag in facts.get("RepoTags") or () if not tag.startswith("<none>"))
    return LocalImage(engine, tags, facts["Id"], facts.get("Size"), facts.get("Created"))
