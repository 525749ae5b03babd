"""The ``images`` and ``containers`` documents of the local engines."""

import time
from collections.abc import Sequence
from typing import TypedDict

from layerscope.model.local import Container, LocalImage
from layerscope.report.json_document import SCHEMA_VERSION


class ListedImage(TypedDict):
    """One image; ``reference`` opens it, sizes are the engine's own figures, ``layers`` is their number."""

    reference: str
    engine: str
    id: str
    tags: list[str]
    created: str | None
    size: int | None
    shared_size: int | None
    unique_size: int | None
    layers: int | None


class ImagesDocument(TypedDict):
    """The whole document."""

    schema_version: int
    images: list[ListedImage]


def images_document(images: Sequence[LocalImage]) -> ImagesDocument:
    """Return the document."""
    return {"schema_version": SCHEMA_VERSION, "images": [_listed(image) for image in images]}


def _listed(image: LocalImage) -> ListedImage:
    return {
        "reference": image.reference,
        "engine": image.engine,
        "id": image.image_id,
        "tags": list(image.tags),
        "created": None if image.created is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(image.created)),
        "size": image.size,
        "shared_size": image.shared_size,
        "unique_size": image.unique_size,
        "layers": image.layers,
    }


class ListedContainer(TypedDict):
    """One container; ``reference`` opens it, ``writable_size`` is the engine's own figure."""

    reference: str
    engine: str
    id: str
    name: str
    image: str
    state: str
    writable_size: int | None


class ContainersDocument(TypedDict):
    """The whole document."""

    schema_version: int
    containers: list[ListedContainer]


def containers_document(containers: Sequence[Container]) -> ContainersDocument:
    """Return the document."""
    return {"schema_version": SCHEMA_VERSION, "containers": [_listed_container(each) for each in containers]}


def _listed_container(container: Container) -> ListedContainer:
    return {
        "reference": container.reference,
        "engine": container.engine,
        "id": container.container_id,
        "name": container.name,
        "image": container.image,
        "state": container.state,
        "writable_size": container.writable_size,
    }
