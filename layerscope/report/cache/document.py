"""The ``cache`` document."""

import time
from collections.abc import Sequence
from typing import TextIO

from msgspec import Struct

from layerscope.cache.cache import Cache
from layerscope.report.cache.images import CachedImage
from layerscope.report.json_document import Document, write_document


class CachedImagePart(Struct):
    """An image; ``reference`` is null for records that cannot be used."""

    reference: str | None
    records: int
    size: int
    used: str


class CacheDocument(Document, kw_only=True):
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


def write_cache_document(cache: Cache, images: Sequence[CachedImage], file: TextIO) -> None:
    """Write the document."""
    document = CacheDocument(
        folder=str(cache.place),
        size=sum(image.size for image in images),
        bound=cache.bound,
        records=sum(image.records for image in images),
        problem=cache.problem,
        images=[
            CachedImagePart(
                reference=image.reference,
                records=image.records,
                size=image.size,
                used=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(image.used)),
            )
            for image in images
        ],
    )
    write_document(document, file)


def write_removed_document(records: int, size: int, file: TextIO) -> None:
    """Write the document."""
    write_document(RemovedDocument(removed=records, freed_size=size), file)
