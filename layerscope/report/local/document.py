"""The ``images`` document: the images of the local engines."""

import time
from collections.abc import Sequence
from typing import TypedDict

from layerscope.model.local_image import LocalImage
from layerscope.report.json_document import SCHEMA_VERSION


class ListedImage(TypedDict):
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


class ImagesDocument(TypedDict):
    """The whole document."""

    schema_version: int
    images: list[ListedImage]


def images_document(images: Sequence[LocalImage]) -> ImagesDocument:
    """Return the document."""
    return {"schema_version": SCHEMA_VERSION, "images": [_listed(image) for image in images]}


def _listed(image: LocalImage) -> ListedImage:
    return {
        "reference": image.reference,
        "engine": image.engine,
        "id": image.image_id,
        "tags": list(image.tags),
        "created": None if image.created is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(image.created)),
        "size": image.size,
        "shared_size": image.shared_size,
        "unique_size": image.unique_size,
        "layers": image.layers,
    }
