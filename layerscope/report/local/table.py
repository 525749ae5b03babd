"""The images and containers of the local engines, for people."""

import time
from collections.abc import Sequence
from typing import TextIO

from layerscope.model.local import Container, LocalImage
from layerscope.report.tables import Grid, GridColumn, Line, show
from layerscope.text import human_size, printable_name

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
    show(grid, file)


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
    show(grid, file)
