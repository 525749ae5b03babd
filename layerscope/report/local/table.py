"""The images of the local engines, for people."""

import time
from collections.abc import Sequence
from typing import TextIO

from layerscope.model.local_image import LocalImage
from layerscope.report.tables import Grid, GridColumn, Line, show
from layerscope.text import human_size, printable_name

_NO_TAG = "(no tag)"
_COLUMNS = (
    GridColumn("size", is_right=True),
    GridColumn("created"),
    GridColumn("engine"),
    GridColumn("image", is_flexible=True),
)


def write_image_table(images: Sequence[LocalImage], file: TextIO) -> None:
    """Print a row for each image."""
    grid = Grid(*_COLUMNS)
    for image in images:
        name = ", ".join(map(printable_name, image.tags)) or f"{_NO_TAG} {printable_name(image.image_id)}"
        created = "" if image.created is None else time.strftime("%Y-%m-%d %H:%M", time.gmtime(image.created))
        grid.add_row(human_size(image.size), created, image.engine, Line(name, is_folded=True))
    show(grid, file)
