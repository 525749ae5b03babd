"""The ``images`` and ``containers`` documents of the local engines, and the ``tags`` document of a registry."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from msgspec import Struct

from layerscope.model.local import Container, LocalImage
from layerscope.report.json_document import NO_LIMIT, Limit, Listing, write_document

if TYPE_CHECKING:
    from layerscope.session.tags import TagListing


class ListedImage(Struct):
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


class ImagesDocument(Listing, kw_only=True):
    """The whole document."""

    images: list[ListedImage]


class ListedContainer(Struct):
    """One container; ``reference`` opens it, ``writable_size`` is the engine's own figure."""

    reference: str
    engine: str
    id: str
    name: str
    image: str
    state: str
    writable_size: int | None


class ContainersDocument(Listing, kw_only=True):
    """The whole document."""

    containers: list[ListedContainer]


def write_images_document(images: Sequence[LocalImage], file: TextIO, limit: Limit = NO_LIMIT) -> None:
    """Write the document."""
    write_document(ImagesDocument(images=[_listed(image) for image in images]), file, limit=limit)


def _listed(image: LocalImage) -> ListedImage:
    return ListedImage(
        reference=image.reference,
        engine=image.engine,
        id=image.image_id,
        tags=list(image.tags),
        created=None if image.created is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(image.created)),
        size=image.size,
        shared_size=image.shared_size,
        unique_size=image.unique_size,
        layers=image.layers,
    )


def write_containers_document(containers: Sequence[Container], file: TextIO, limit: Limit = NO_LIMIT) -> None:
    """Write the document."""
    document = ContainersDocument(containers=[_listed_container(each) for each in containers])
    write_document(document, file, limit=limit)


def _listed_container(container: Container) -> ListedContainer:
    return ListedContainer(
        reference=container.reference,
        engine=container.engine,
        id=container.container_id,
        name=container.name,
        image=container.image,
        state=container.state,
        writable_size=container.writable_size,
    )


class ListedTag(Struct):
    """One tag; ``error`` is why it has no figures where these were asked for, or null."""

    tag: str
    digest: str | None
    created: str | None
    blob_size: int | None
    layers: int | None
    pull_size: int | None
    error: str | None


class TagsDocument(Listing, kw_only=True):
    """The whole document."""

    name: str
    tags: list[ListedTag]


def write_tags_document(listing: "TagListing", file: TextIO, limit: Limit = NO_LIMIT) -> None:
    """Write the document."""
    tags = [
        ListedTag(
            tag=tag.name,
            digest=None if tag.digest is None else str(tag.digest),
            created=tag.created,
            blob_size=tag.blob_size,
            layers=tag.layers,
            pull_size=tag.pull_size,
            error=tag.reason,
        )
        for tag in listing.tags
    ]
    write_document(TagsDocument(name=listing.repository, tags=tags), file, limit=limit)
