"""Images and containers by name, in the first engine that has them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

from msgspec.structs import replace

from layerscope.errors import ImageNotFound
from layerscope.model.candidate import Candidate
from layerscope.model.engine import Engine
from layerscope.model.image import Image
from layerscope.model.local import Container, Mount, Storage
from layerscope.sources.engine.answering import AnsweringEngines
from layerscope.sources.engine.client import EngineClient
from layerscope.sources.engine.replies import ContainerDetails, ImageDetails
from layerscope.sources.image.name import ImageName
from layerscope.sources.request import EngineReference
from layerscope.text import short_name

_MOST_TAGS_NAMED = 5
_ALIKE = 0.8
"""The similarity that a suggested name needs: one or two letters of a short name differ."""


@dataclass(frozen=True, slots=True)
class EngineImage:
    """An image that an engine has, and a client of the engine.

    ``also_in`` are other engines that have an image of that name; ``notes`` are sentences about all other engines: one
    that has such an image, one that does not answer.
    """

    client: EngineClient
    details: ImageDetails
    also_in: tuple[Engine, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """A name for what this engine says of the image: another one might lie about an image of the same id."""
        return f"{self.client.endpoint} {self.details.image_id}"

    def named(self, candidate: Candidate, name: str, storage_of: Callable[[Image], Storage]) -> Candidate:
        """Return a candidate of this image with the tags that the engine knows, the one that the user named first.

        An image that is exported by its id comes without tags.
        """
        tags = _tags_named_first(self.details.tags or (), name)

        def build() -> Image:
            image = candidate.build()
            warnings = (*image.warnings, *self.notes)
            return replace(
                image,
                tags=tags,
                warnings=warnings,
                storage=storage_of(image),
                engine_key=self.key,
                engine_notes=self.notes,
                also_in=self.also_in,
            )

        return replace(candidate, build=build, tags=tags)


@contextmanager
def engine_image(reference: EngineReference) -> Iterator[EngineImage]:
    """Look an image up, and yield the one of the first engine that has it; its client closes at the end.

    Docker is asked before podman. Raises ImageNotFound where those that answer do not have it, and EngineUnavailable
    where none answers; both name every engine that was configured or found, with the reason.
    """
    name, known = reference.name, list[str]()
    with ExitStack() as stack:
        engines = AnsweringEngines(reference.engine, stack)
        (client, details), *others = engines.look_up(
            lambda client: _image_details(client, name, known),
            f"image {short_name(name)}",
            lambda: _nearest(name, known),
        )
        also_in = tuple(other.client.engine for other in others)
        also = [f"another engine has an image of that name, too: {engine}://{name}" for engine in also_in]
        yield EngineImage(client, details, also_in, (*also, *engines.refusals))


def _image_details(client: EngineClient, name: str, known: list[str]) -> ImageDetails | None:
    """Return what the engine says about an image, or None; then ``known`` has gained the tags of its images.

    Docker's containerd store does not inspect an image that it could not unpack, though it lists it.
    """
    try:
        return client.image(name)
    except ImageNotFound:
        parsed = ImageName.parse(name)
        for image in client.images():
            known += image.tags or ()
            named = [
                tag for tag in map(ImageName.parse, image.tags or ()) if tag and parsed and tag.full == parsed.full
            ]
            if named:
                return ImageDetails(image.image_id, image.tags, image.size)
    return None


def _nearest(name: str, known: Sequence[str]) -> str:
    """Return a hint at the tags of the repository, or else at names that are spelled alike."""
    parsed = ImageName.parse(name)
    if parsed is None:
        return ""
    names = {tag: image for tag in dict.fromkeys(known) if (image := ImageName.parse(tag))}
    # podman writes a name in full that Docker shortens
    spelled = {image.full: tag for tag, image in sorted(names.items(), key=lambda name: len(name[0]), reverse=True)}
    same = sorted(tag for tag in spelled.values() if names[tag].repository == parsed.repository)
    if same:
        return f" (known tags: {', '.join(map(short_name, same[:_MOST_TAGS_NAMED]))})"
    alike = get_close_matches(parsed.full, spelled, _MOST_TAGS_NAMED, _ALIKE)
    return f" (did you mean {' or '.join(short_name(spelled[name]) for name in alike)}?)" if alike else ""


def _tags_named_first(tags: Iterable[str], name: str) -> tuple[str, ...]:
    """Return the tags of an image, the one by which the user named it before the others."""
    wanted = ImageName.parse(name)
    known = {tag: ImageName.parse(tag) for tag in tags}
    named = [tag for tag, parsed in known.items() if parsed and wanted and parsed.full == wanted.full]
    return tuple(dict.fromkeys([*named, *known]))


class EngineContainer(NamedTuple):
    """A container, the id of its image, and a client of its engine; ``notes`` are sentences about other engines."""

    container: Container
    image_id: str
    client: EngineClient
    notes: tuple[str, ...]


@contextmanager
def engine_container(reference: EngineReference) -> Iterator[EngineContainer]:
    """Look a container up by name or id, and yield the one of the first engine that has it; the client closes then.

    Raises ImageNotFound where the engines that answer do not have it, and EngineUnavailable where none answers.
    """
    name = reference.name
    with ExitStack() as stack:
        engines = AnsweringEngines(reference.engine, stack)
        (client, details), *others = engines.look_up(
            lambda client: _container_details(client, name), f"container {short_name(name)}"
        )
        also = [
            f"another engine has a container of that name, too: container://{other.client.engine}/{name}"
            for other in others
        ]
        container = _container(client.engine, details)
        yield EngineContainer(container, details.image_id, client, (*also, *engines.refusals))


def _container_details(client: EngineClient, name: str) -> ContainerDetails | None:
    try:
        return client.container(name)
    except ImageNotFound:
        return None


def _container(engine: Engine, details: ContainerDetails) -> Container:
    mounts = [Mount(mount.kind, mount.source, mount.destination) for mount in details.mounts or ()]
    listed = {mount.destination for mount in mounts}
    # Docker lists no mount for --tmpfs
    mounts += [Mount("tmpfs", "", path) for path in details.host_config.tmpfs or () if path not in listed]
    name, state = details.name.removeprefix("/"), details.state.status
    return Container(engine, details.container_id, name, details.config.image, state, mounts=tuple(mounts))
