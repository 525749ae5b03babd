"""The images and containers of the local engines, and the archives of a folder."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Generic, TypeVar

from layerscope.analysis.search.query import parse_query
from layerscope.errors import EngineUnavailable, SourceError
from layerscope.model.engine import Engine
from layerscope.model.local import Container, LayeredImage, LocalArchive, LocalImage, StoredLayer
from layerscope.sources.engine.answering import AnsweringEngines
from layerscope.sources.engine.client import EngineClient
from layerscope.sources.engine.replies import ContainerSummary
from layerscope.sources.image.name import ImageName
from layerscope.sources.image.probe import probe

T = TypeVar("T")

_UNTAGGED = "<none>"

_TIMES = range(-62_135_596_799, 253_402_300_800)
"""The years 1 to 9999, without their first second: Go's zero time stands for an unknown one."""

_LARGEST_SIZE = 1 << 63

_MOST_ENTRIES = 2_000
"""Entries of a folder that are looked at."""


@dataclass(frozen=True, slots=True)
class EngineListing(Generic[T]):
    """The images or containers of the engines that answer.

    ``refusals`` has a sentence about each engine that was configured or found, and did not answer. ``unavailable`` is
    the error for when none has answered.
    """

    found: list[T]
    refusals: tuple[str, ...] = ()
    unavailable: EngineUnavailable | None = None

    def checked(self) -> "EngineListing[T]":
        """Return this listing; raises EngineUnavailable if no engine has answered."""
        if self.unavailable is not None:
            raise self.unavailable
        return self


def _listing_of(engine: Engine | None, items: Callable[[EngineClient], list[T]]) -> EngineListing[T]:
    """Return what one engine has, or all of them."""
    with ExitStack() as stack:
        engines, listed = AnsweringEngines(engine, stack), list[list[T]]()
        for client in engines:
            try:
                listed.append(items(client))
            except EngineUnavailable as error:
                engines.refuse(client.endpoint, error, others=bool(listed))
        found = [item for each in listed for item in each]
        return EngineListing(found, tuple(engines.refusals), None if listed else engines.unavailable())


class ImageOrder(StrEnum):
    """The orders of a list of images: the newest or the largest first, or by name."""

    CREATED = "created"
    SIZE = "size"
    UNIQUE = "unique"
    NAME = "name"


_ORDER_KEYS: dict[ImageOrder, Callable[[LocalImage], tuple[object, ...]]] = {
    ImageOrder.CREATED: lambda image: (-(image.created or 0),),
    ImageOrder.SIZE: lambda image: (-(image.size or 0),),
    ImageOrder.UNIQUE: lambda image: (-(image.unique_size or 0),),
    ImageOrder.NAME: lambda image: (not image.tags, image.tags),
}


def local_images(engine: Engine | None = None) -> EngineListing[LocalImage]:
    """Return the images of one engine or of all, the newest first."""
    listing = _listing_of(engine, _images)
    return replace(listing, found=ordered_images(listing.found, ImageOrder.CREATED))


def local_tags() -> list[str]:
    """Return the tags of the images of all engines that answer; where one does, no program is started for another."""
    with ExitStack() as stack:
        try:
            answers = AnsweringEngines(None, stack).look_up(lambda client: client.images(), "image")
        except SourceError:
            return []
        tags = {tag for answer in answers for image in answer.found for tag in image.tags or ()}
        return sorted(tag for tag in tags if not tag.startswith(_UNTAGGED))


def ordered_images(images: Iterable[LocalImage], order: ImageOrder) -> list[LocalImage]:
    """Return the images in an order; engines name those that are equal in it in a different order each time."""
    return sorted(images, key=lambda image: (_ORDER_KEYS[order](image), image.reference))


def matching_images(images: Iterable[LocalImage], text: str) -> list[LocalImage]:
    """Return the images one of whose tags or whose id matches a filter as the explorer has it; raises UsageError."""
    query = parse_query(text)
    return [image for image in images if query is None or any(map(query.matches, (*image.tags, image.image_id)))]


def layered_images(engine: Engine | None = None, repository: str | None = None) -> EngineListing[LayeredImage]:
    """Return the images of one engine or of all whose layers are known, with these, the newest first.

    With a ``repository``, those that have a tag of it.
    """

    def images(client: EngineClient) -> list[LayeredImage]:
        return [each for each in _layered(client, sizes=True, repository=repository) if each.layers]

    listing = _listing_of(engine, images)
    return replace(listing, found=sorted(listing.found, key=lambda each: _ORDER_KEYS[ImageOrder.CREATED](each.image)))


def _images(client: EngineClient) -> list[LocalImage]:
    return [each.image for each in _layered(client, sizes=False)]


def tags_of(tags: Iterable[str] | None, repository: str) -> list[str]:
    """Return the tags, as they are written, that are of a repository."""
    names = {tag: ImageName.parse(tag) for tag in tags or ()}
    return [tag for tag, name in names.items() if name is not None and name.repository == repository]


def _layered(client: EngineClient, *, sizes: bool, repository: str | None = None) -> list[LayeredImage]:
    listed = [image for image in client.images() if repository is None or tags_of(image.tags, repository)]
    layers = [client.layers(image.image_id, sizes=sizes) for image in listed]
    # podman states 0 as the shared size of every image, and containerd none
    shared = [image.shared_size for image in listed] if client.engine == Engine.DOCKER else _shared_sizes(layers)
    images = []
    for image, of_image, shared_size in zip(listed, layers, shared, strict=True):
        # containerd's store may list a tag twice, under its short and its full name
        tags = tuple(dict.fromkeys(tag for tag in image.tags or () if not tag.startswith(_UNTAGGED)))
        local = LocalImage(
            client.engine,
            tags,
            image.image_id,
            _known(image.size, range(_LARGEST_SIZE)),
            _known(image.created, _TIMES),
            _known(shared_size, range(_LARGEST_SIZE)),
            None if of_image is None else len(of_image),
            image.namespace,
        )
        # an image whose tag has moved on keeps the name of its repository in its digests
        names = filter(None, map(ImageName.parse, (*tags, *(image.digests or ()))))
        images.append(LayeredImage(local, tuple(of_image or ()), frozenset(name.repository for name in names)))
    return images


def _known(number: int | None, valid: range) -> int | None:
    """Return a number that an engine states, or None for one that cannot be right."""
    return number if number is not None and number in valid else None


def _shared_sizes(images: Sequence[Sequence[StoredLayer] | None]) -> list[int | None]:
    """Return, for each image whose layers are known, the size of those that another one holds, too."""
    holders = Counter(stored for layers in images for stored in {layer.stored_as for layer in layers or ()})
    return [
        None if layers is None else sum(layer.size for layer in layers if holders[layer.stored_as] > 1)
        for layers in images
    ]


def local_containers(engine: Engine | None = None) -> EngineListing[Container]:
    """Return the containers of one engine or of all."""
    return _listing_of(engine, lambda client: [_listed(client.engine, container) for container in client.containers()])


def _listed(engine: Engine, container: ContainerSummary) -> Container:
    name = (container.names or [""])[0].removeprefix("/")
    return Container(engine, container.container_id, name, container.image, container.state, container.writable_size)


def local_archives(folder: Path) -> Iterator[LocalArchive]:
    """Yield what looks like an image: the folder itself, then what is in it. One that cannot be read holds none."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in islice(entries, _MOST_ENTRIES) if not entry.name.startswith("."))
    except OSError:
        return
    for path in (folder, *(folder / name for name in names)):
        if found := probe(path):
            yield found
