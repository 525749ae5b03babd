"""The ``cache`` document."""

import time
from collections.abc import Sequence
from typing import TypedDict

from layerscope.cache.cache import Cache
from layerscope.report.cache.images import CachedImage
from layerscope.report.json_document import SCHEMA_VERSION


class CachedImagePart(TypedDict):
    """An image; ``reference`` is null for records that cannot be used."""

    reference: str | None
    records: int
    size: int
    used: str


class CacheDocument(TypedDict):
    """The whole document; ``bound`` is the size that the cache never exceeds, ``problem`` says why it is not used."""

    schema_version: int
    folder: str
    size: int
    bound: int
    records: int
    problem: str | None
    images: list[CachedImagePart]


class RemovedDocument(TypedDict):
    """The files that ``prune`` and ``clear`` have removed."""

    schema_version: int
    removed: int
    freed_size: int


def cache_document(cache: Cache, images: Sequence[CachedImage]) -> CacheDocument:
    """Return the document."""
    return {
        "schema_version": SCHEMA_VERSION,
        "folder": str(cache.place),
        "size": sum(image.size for image in images),
        "bound": cache.bound,
        "records": sum(image.records for image in images),
        "problem": cache.problem,
        "images": [
            {
                "reference": image.reference,
                "records": image.records,
                "size": image.size,
                "used": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(image.used)),
            }
            for image in images
        ],
    }


def removed_document(records: int, size: int) -> RemovedDocument:
    """Return the document."""
    return {"schema_version": SCHEMA_VERSION, "removed": records, "freed_size": size}
