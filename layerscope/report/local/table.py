"""The images and containers of the local engines and the tags of a registry, for people."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from layerscope.model.local import Container, LocalImage
from layerscope.report.tables import Grid, GridColumn, Line, minute_text, show
from layerscope.text import human_size, printable_line, printable_name

if TYPE_CHECKING:
    from layerscope.session.tags import Tag

_NO_TAG = "(no tag)"
_ID_LENGTH = 12
_COLUMNS = (
    GridColumn("size", is_right=True),
    GridColumn("shared", is_right=True, is_optional=True),
    GridColumn("unique", is_right=True),
    GridColumn("layers", is_right=True, is_optional=True),
    *(GridColumn(name, is_optional=True) for name in ("created", "engine")),
    GridColumn("id"),
    GridColumn("image", is_flexible=True),
)


def write_image_table(images: Sequence[LocalImage], file: TextIO) -> None:
    """Print a row for each image."""
    grid = Grid(*_COLUMNS)
    for image in images:
        sizes = map(human_size, (image.size, image.shared_size, image.unique_size))
        layers = "?" if image.layers is None else str(image.layers)
        created = "" if image.created is None else time.strftime("%Y-%m-%d %H:%M", time.gmtime(image.created))
        short_id = printable_name(image.image_id.rpartition(":")[2][:_ID_LENGTH])
        name = ", ".join(map(printable_name, image.tags)) or _NO_TAG
        grid.add_row(*sizes, layers, created, image.engine, short_id, Line(name, is_folded=True))
    show([grid], file)


_CONTAINER_COLUMNS = (
    GridColumn("writable", is_right=True),
    GridColumn("state"),
    *(GridColumn(name, is_optional=True) for name in ("engine", "id")),
    GridColumn("name"),
    GridColumn("image", is_flexible=True),
)


def write_container_table(containers: Sequence[Container], file: TextIO) -> None:
    """Print a row for each container."""
    grid = Grid(*_CONTAINER_COLUMNS)
    for container in containers:
        texts = (container.state, container.engine, container.container_id[:_ID_LENGTH], container.name)
        image = Line(printable_name(container.image), is_folded=True)
        grid.add_row(human_size(container.writable_size), *map(printable_name, texts), image)
    show([grid], file)


_TAG_COLUMNS = (
    *(GridColumn(name, is_right=True) for name in ("size", "pull", "layers")),
    GridColumn("created", is_optional=True),
    GridColumn("tag", is_flexible=True),
)


def write_tag_table(tags: "Sequence[Tag]", file: TextIO, *, sizes: bool) -> None:
    """Print a row for each tag, or without ``sizes`` its name alone, as scripts take it."""
    if not sizes:
        file.writelines(f"{printable_name(tag.name)}\n" for tag in tags)
        return
    grid = Grid(*_TAG_COLUMNS)
    for tag in tags:
        name = Line(printable_name(tag.name), is_folded=True)
        if tag.reason is not None:
            reason = Line(printable_line(tag.reason), "red" if tag.is_broken else "dim", is_folded=True, indent=2)
            grid.add_row("", "", "", "", [name, reason])
            continue
        figures = map(human_size, (tag.blob_size, tag.pull_size))
        grid.add_row(*figures, str(tag.layers), minute_text(tag.created), name)
    show([grid], file)
