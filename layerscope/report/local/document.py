"""The ``images`` document: the images of the local engines."""

import time
from collections.abc import Sequence
from typing import TypedDict

from layerscope.model.local_image import LocalImage
from layerscope.report.json_document import SCHEMA_VERSION


class ListedImage(TypedDict):
    """One image; ``reference`` opens it, ``size`` is the engine's own figure."""

    reference: str
    engine: str
    tags: list[str]
    id: str
    size: int | None
    created: str | None


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
        "tags": list(image.tags),
        "id": image.image_id,
        "size": image.size,
        "created": None if image.created is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(image.created)),
    }
