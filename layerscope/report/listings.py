"""The images and containers of the local engines and the tags of a registry, as documents and for people."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from msgspec import Struct

from layerscope.model.local import Container, LocalImage
from layerscope.report.json_document import NO_LIMIT, Limit, Listing, write_document
from layerscope.report.tables import Grid, GridColumn, Line, show
from layerscope.session.summary import minute_text
from layerscope.text import human_size, printable_line, printable_name

if TYPE_CHECKING:
    from layerscope.session.tags import Tag, TagListing


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
    created = None if image.created is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(image.created))
    figures = image.size, image.shared_size, image.unique_size, image.layers
    return ListedImage(image.reference, image.engine, image.image_id, list(image.tags), created, *figures)


def write_containers_document(containers: Sequence[Container], file: TextIO, limit: Limit = NO_LIMIT) -> None:
    """Write the document."""
    rows = list[ListedContainer]()
    for each in containers:
        names = each.reference, each.engine, each.container_id, each.name, each.image
        rows.append(ListedContainer(*names, each.state, each.writable_size))
    write_document(ContainersDocument(containers=rows), file, limit=limit)


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
    document = TagsDocument(name=listing.repository, tags=list(map(listed_tag, listing.tags)))
    write_document(document, file, limit=limit)


def listed_tag(tag: "Tag") -> ListedTag:
    """Return the row of a tag."""
    digest = None if tag.digest is None else str(tag.digest)
    return ListedTag(tag.name, digest, tag.created, tag.blob_size, tag.layers, tag.pull_size, tag.reason)


_NO_TAG = "(no tag)"
_ID_LENGTH = 12


def write_image_table(images: Sequence[LocalImage], file: TextIO) -> None:
    """Print a row for each image."""
    grid = Grid(
        GridColumn("size", is_right=True),
        GridColumn("shared", is_right=True, is_optional=True),
        GridColumn("unique", is_right=True),
        GridColumn("layers", is_right=True, is_optional=True),
        *(GridColumn(name, is_optional=True) for name in ("created", "engine")),
        GridColumn("id"),
        GridColumn("image", is_flexible=True),
    )
    for image in images:
        sizes = map(human_size, (image.size, image.shared_size, image.unique_size))
        layers = "?" if image.layers is None else str(image.layers)
        created = "" if image.created is None else time.strftime("%Y-%m-%d %H:%M", time.gmtime(image.created))
        short_id = printable_name(image.image_id.rpartition(":")[2][:_ID_LENGTH])
        name = ", ".join(map(printable_name, image.tags)) or _NO_TAG
        grid.add_row(*sizes, layers, created, image.engine, short_id, Line(name, is_folded=True))
    show([grid], file)


def write_container_table(containers: Sequence[Container], file: TextIO) -> None:
    """Print a row for each container."""
    grid = Grid(
        GridColumn("writable", is_right=True),
        GridColumn("state"),
        *(GridColumn(name, is_optional=True) for name in ("engine", "id")),
        GridColumn("name"),
        GridColumn("image", is_flexible=True),
    )
    for container in containers:
        texts = (container.state, container.engine, container.container_id[:_ID_LENGTH], container.name)
        image = Line(printable_name(container.image), is_folded=True)
        grid.add_row(human_size(container.writable_size), *map(printable_name, texts), image)
    show([grid], file)


def write_tag_table(tags: "Sequence[Tag]", file: TextIO, *, sizes: bool) -> None:
    """Print a row for each tag, or without ``sizes`` its name alone, as scripts take it."""
    if not sizes:
        file.writelines(f"{printable_name(tag.name)}\n" for tag in tags)
        return
    grid = Grid(
        *(GridColumn(name, is_right=True) for name in ("size", "pull", "layers")),
        GridColumn("created", is_optional=True),
        GridColumn("tag", is_flexible=True),
    )
    for tag in tags:
        name = Line(printable_name(tag.name), is_folded=True)
        if tag.reason is not None:
            reason = Line(printable_line(tag.reason), "red" if tag.is_broken else "dim", is_folded=True, indent=2)
            grid.add_row("", "", "", "", [name, reason])
            continue
        figures = map(human_size, (tag.blob_size, tag.pull_size))
        grid.add_row(*figures, str(tag.layers), minute_text(tag.created), name)
    show([grid], file)
