"""Lists the images that the local engines have."""

from dataclasses import dataclass
from typing import Any

from layerscope.errors import EngineUnavailable
from layerscope.sources.engine.endpoints import endpoints
from layerscope.sources.engine.export import connected


@dataclass(frozen=True, slots=True)
class LocalImage:
    """One image of an engine; ``size`` in bytes as the engine counts it, ``created`` in seconds since 1970."""

    engine: str
    tags: tuple[str, ...]
    image_id: str
    size: int | None
    created: int | None

    @property
    def reference(self) -> str:
        """What to open it by."""
        return f"{self.engine}://{self.tags[0] if self.tags else self.image_id}"


def local_images() -> list[LocalImage]:
    """Return the images of all engines that answer, each engine's newest first.

    Raises EngineUnavailable where none answers.
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
