"""The cache, for people."""

import time
from collections.abc import Sequence
from typing import TextIO

from layerscope.cache.cache import Cache
from layerscope.report.cache.document import CachedImage
from layerscope.report.tables import Grid, GridColumn, Line, show
from layerscope.text import human_size, plural, printable_name

_UNUSABLE = "(damaged, or of another version)"
_COLUMNS = (
    GridColumn("size", is_right=True),
    GridColumn("records", is_right=True),
    GridColumn("last used"),
    GridColumn("image", is_flexible=True),
)


def write_cache_summary(cache: Cache, images: Sequence[CachedImage], file: TextIO) -> None:
    """Print the folder, its size, and the bound."""
    size, records = sum(image.size for image in images), sum(image.records for image in images)
    print(printable_name(str(cache.folder)), file=file)
    print(f"{human_size(size)} of {human_size(cache.bound)} at most, in {plural(records, 'record')}", file=file)


def write_cache_table(images: Sequence[CachedImage], file: TextIO) -> None:
    """Print a row for each image."""
    grid = Grid(*_COLUMNS)
    for image in images:
        used = time.strftime("%Y-%m-%d %H:%M", time.localtime(image.used))
        name = _UNUSABLE if image.reference is None else printable_name(image.reference)
        grid.add_row(human_size(image.size), f"{image.records:,}", used, Line(name, is_folded=True))
    show([grid], file)
