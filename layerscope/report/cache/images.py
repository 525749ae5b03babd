"""The images that the cache holds records of."""

from collections.abc import Iterable
from typing import NamedTuple

from layerscope.cache.cache import CacheEntry


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
