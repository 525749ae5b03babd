"""The cache: its folder, and the images that records were kept for, as a document and for people."""

import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TextIO

from msgspec import Struct

from layerscope.cache.cache import Cache, CacheEntry
from layerscope.report.json_document import NO_LIMIT, Document, Limit, Listing, write_document
from layerscope.report.tables import Grid, GridColumn, Line, show
from layerscope.text import human_size, plural, printable_name


class CachedImage(NamedTuple):
    """The records that were kept when an image was read: their number, their size, and the time of the last use.

    ``reference`` is what the user typed; None for files that are damaged or of another version. A layer that several
    images share counts for the one that was read first.
    """

    reference: str | None
    records: int
    size: int
    used: float


def cached_images(entries: Iterable[CacheEntry]) -> list[CachedImage]:
    """Return the images, the last used first."""
    groups: dict[str | None, list[CacheEntry]] = {}
    for entry in entries:
        groups.setdefault(entry.head.label if entry.head else None, []).append(entry)
    images = [
        CachedImage(reference, len(group), sum(entry.size for entry in group), max(entry.used for entry in group))
        for reference, group in groups.items()
    ]
    return sorted(images, key=lambda image: image.used, reverse=True)


class CachedImagePart(Struct):
    """An image; ``reference`` is null for records that cannot be used."""

    reference: str | None
    records: int
    size: int
    used: str


class CacheDocument(Listing, kw_only=True):
    """The whole document; ``bound`` is the size that the cache never exceeds, ``problem`` says why it is not used."""

    folder: str
    size: int
    bound: int
    records: int
    problem: str | None
    images: list[CachedImagePart]


class RemovedDocument(Document, kw_only=True):
    """The files that ``prune`` and ``clear`` have removed."""

    removed: int
    freed_size: int


def write_cache_document(cache: Cache, images: Sequence[CachedImage], file: TextIO, limit: Limit = NO_LIMIT) -> None:
    """Write the document."""
    document = CacheDocument(
        folder=str(cache.folder),
        size=sum(image.size for image in images),
        bound=cache.bound,
        records=sum(image.records for image in images),
        problem=cache.problem,
        images=[
            CachedImagePart(*image[:3], time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(image.used)))
            for image in limit(images)
        ],
    )
    write_document(document, file, limit=limit)


def write_removed_document(records: int, size: int, file: TextIO) -> None:
    """Write the document."""
    write_document(RemovedDocument(removed=records, freed_size=size), file)


_UNUSABLE = "(damaged, or of another version)"


def write_cache_summary(cache: Cache, images: Sequence[CachedImage], file: TextIO) -> None:
    """Print the folder, its size, and the bound."""
    size, records = sum(image.size for image in images), sum(image.records for image in images)
    print(printable_name(str(cache.folder)), file=file)
    print(f"{human_size(size)} of {human_size(cache.bound)} at most, in {plural(records, 'record')}", file=file)


def write_cache_table(images: Iterable[CachedImage], file: TextIO) -> None:
    """Print a row for each image."""
    grid = Grid(
        GridColumn("size", is_right=True),
        GridColumn("records", is_right=True),
        GridColumn("last used"),
        GridColumn("image", is_flexible=True),
    )
    for image in images:
        used = time.strftime("%Y-%m-%d %H:%M", time.localtime(image.used))
        name = _UNUSABLE if image.reference is None else printable_name(image.reference)
        grid.add_row(human_size(image.size), f"{image.records:,}", used, Line(name, is_folded=True))
    show([grid], file)
