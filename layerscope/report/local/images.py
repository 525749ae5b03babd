"""The images of local engines: a document for programs, a table for people."""

import time
from collections.abc import Sequence
from typing import TextIO, TypedDict

from layerscope.model.local_image import LocalImage
from layerscope.report.json_document import SCHEMA_VERSION
from layerscope.report.tables import show
from layerscope.text import human_size, printable_name

_NO_TAG = "(no tag)"


class ListedImage(TypedDict):
    """One image; ``reference`` is what to open it by, ``size`` is as the engine counts it."""

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
        "created": _time(image.created, "%Y-%m-%dT%H:%M:%SZ"),
    }


def write_image_table(images: Sequence[LocalImage], file: TextIO) -> None:
    """Print a row for each image."""
    from rich.table import Table  # noqa: PLC0415  # the document needs no table
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("created", no_wrap=True)
    table.add_column("engine", no_wrap=True)
    table.add_column("image", overflow="fold")
    for image in images:
        name = Text(", ".join(map(printable_name, image.tags)) or f"{_NO_TAG} {printable_name(image.image_id)}")
        created = _time(image.created, "%Y-%m-%d %H:%M") or ""
        table.add_row(human_size(image.size), created, image.engine, name)
    show(table, file)


def _time(seconds: int | None, form: str) -> str | None:
    return None if seconds is None else time.strftime(form, time.gmtime(seconds))
