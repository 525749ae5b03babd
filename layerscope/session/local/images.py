"""The images of the local engines."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from enum import StrEnum

from layerscope.analysis.search.query import parse_query
from layerscope.errors import ImageNotFound
from layerscope.model.engine import Engine
from layerscope.model.local import LocalImage
from layerscope.session.local.listing import Listing, listing_of
from layerscope.sources.engine.client import EngineClient

_UNTAGGED = "<none>"
_TIMES = range(-62_135_596_799, 253_402_300_800)
"""The years 1 to 9999, without their first second: Go's zero time stands for an unknown one."""

_LARGEST_SIZE = 1 << 63


class ImageOrder(StrEnum):
    """The orders of a list of images: the newest or the largest first, or by name."""

    CREATED = "created"
    SIZE = "size"
    UNIQUE = "unique"
    NAME = "name"


_ORDER_KEYS: dict[ImageOrder, Callable[[LocalImage], tuple[object, ...]]] = {
    ImageOrder.CREATED: lambda image: (-(image.created or 0),),
    ImageOrder.SIZE: lambda image: (-(image.size or 0),),
    ImageOrder.UNIQUE: lambda image: (-(image.unique_size or 0),),
    ImageOrder.NAME: lambda image: (not image.tags, image.tags),
}


def local_images(engine: Engine | None = None) -> Listing[LocalImage]:
    """Return the images of one engine or of all, the newest first."""
    listing = listing_of(engine, _images)
    return replace(listing, found=ordered_images(listing.found, ImageOrder.CREATED))


def ordered_images(images: Iterable[LocalImage], order: ImageOrder) -> list[LocalImage]:
    """Return the images in an order."""
    return sorted(images, key=_ORDER_KEYS[order])


def matching_images(images: Iterable[LocalImage], text: str) -> list[LocalImage]:
    """Return the images one of whose tags or whose id matches a filter as the explorer has it; raises UsageError."""
    query = parse_query(text)
    return [image for image in images if query is None or any(map(query.matches, (*image.tags, image.image_id)))]


def _images(client: EngineClient) -> list[LocalImage]:
    listed = client.images()
    layers = [_layers(client, image.image_id) for image in listed]
    # podman states 0 as the shared size of every image
    shared = _shared_sizes(layers) if client.engine == Engine.PODMAN else [image.shared_size for image in listed]
    return [
        LocalImage(
            client.engine,
            # containerd's store may list a tag twice, under its short and its full name
            tuple(dict.fromkeys(tag for tag in image.tags or () if not tag.startswith(_UNTAGGED))),
            image.image_id,
            _known(image.size, range(_LARGEST_SIZE)),
            _known(image.created, _TIMES),
            _known(shared_size, range(_LARGEST_SIZE)),
            None if of_image is None else len(of_image),
        )
        for image, of_image, shared_size in zip(listed, layers, shared, strict=True)
    ]


def _known(number: int | None, valid: range) -> int | None:
    """Return a number that an engine states, or None for one that cannot be right."""
    return number if number is not None and number in valid else None


_Layers = list[tuple[str, int]] | None
"""The diff_id and the size of each layer; None where the image has been removed since it was listed."""


def _layers(client: EngineClient, image_id: str) -> _Layers:
    try:
        details = client.image(image_id)
        if details.podman_history is None:
            return [(diff_id, 0) for diff_id in details.diff_ids]
        sizes = [line.size for line in reversed(client.history(image_id))]
    except ImageNotFound:
        return None
    made = [size for size, line in zip(sizes, details.podman_history, strict=False) if not line.empty_layer]
    return list(zip(details.diff_ids, made, strict=False))


def _shared_sizes(images: Sequence[_Layers]) -> list[int]:
    """Return, for each image, the size of those layers that another one holds, too."""
    holders = Counter(diff_id for layers in images for diff_id in {diff_id for diff_id, _ in layers or ()})
    return [sum(size for diff_id, size in layers or () if holders[diff_id] > 1) for layers in images]
