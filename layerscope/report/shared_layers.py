"""Layers that local images share: the ``images-layers`` document, and the tables for people."""

from collections.abc import Sequence
from typing import TextIO

from msgspec import Struct

from layerscope.model.local import LocalImage
from layerscope.report.json_document import NO_LIMIT, Limit, Listing, write_document
from layerscope.report.tables import Block, Grid, GridColumn, Line, Paragraph, figures, instruction_line, section, show
from layerscope.session.local.sharing import Base, Sharing
from layerscope.text import human_size, plural, printable_line, printable_name

_ID_LENGTH = 12
_NO_TAG = "(no tag)"


class SharedLayerPart(Struct):
    """A layer of local images."""

    diff_id: str
    size: int
    instruction: str | None
    engine: str
    copies: int
    images: list[str]


class HoldingPart(Struct):
    """An image that holds layers; the last three fields are null unless it is on an outdated base."""

    id: str
    tags: list[str]
    engine: str
    freed_size: int | None
    outdated_base: str | None
    newer_base: str | None
    base_repository: str | None


class LocalBasePart(Struct):
    """A base of local images."""

    image: str | None
    layers: int
    size: int
    used_by: list[str]


class SimilarPart(Struct):
    """Two bases that are nearly the same."""

    bases: list[LocalBasePart]


class SharedLayersDocument(Listing, kw_only=True):
    """The whole document."""

    layers: list[SharedLayerPart]
    images: list[HoldingPart]
    similar_bases: list[SimilarPart]


def write_images_layers_document(
    shared: Sharing, images: Sequence[LocalImage], file: TextIO, limit: Limit = NO_LIMIT
) -> None:
    """Write the document."""
    outdated = {each.image.image_id: each for each in shared.outdated}
    document = SharedLayersDocument(
        layers=[
            SharedLayerPart(
                each.layer.diff_id,
                each.layer.size,
                each.layer.instruction,
                each.engine,
                each.copies,
                [image.image_id for image in each.images],
            )
            for each in shared.layers
        ],
        images=[
            HoldingPart(
                image.image_id,
                list(image.tags),
                image.engine,
                image.unique_size,
                *((found.base.image_id, found.newer.image_id, found.repository) if found else (None, None, None)),
            )
            for image in images
            for found in (outdated.get(image.image_id),)
        ],
        similar_bases=[SimilarPart(list(map(_base_part, pair))) for pair in shared.similar],
    )
    write_document(document, file, limit=limit)


def _base_part(base: Base) -> LocalBasePart:
    image_id = None if base.image is None else base.image.image_id
    return LocalBasePart(image_id, len(base.layers), base.size, [image.image_id for image in base.on_it])


def write_shared_layers(shared: Sharing, images: Sequence[LocalImage], file: TextIO) -> None:
    """Print the layers by how many images hold them, the images, and what to look at in their bases."""
    layers = Grid(
        *(GridColumn(title, is_right=True) for title in ("images", "copies", "size")),
        GridColumn("engine", is_optional=True),
        GridColumn("diff_id", is_optional=True),
        GridColumn("instruction", is_flexible=True),
    )
    for each in shared.layers:
        diff_id, instruction = (
            short_id(each.layer.diff_id),
            instruction_line(printable_line(each.layer.instruction or "")),
        )
        counts = (str(len(each.images)), str(each.copies), human_size(each.layer.size))
        layers.add_row(*counts, each.engine, diff_id, instruction)
    holding = figures("freed", "size", last="image")
    for image in images:
        holding.add_row(human_size(image.unique_size), human_size(image.size), Line(image_name(image), is_folded=True))
    parts: list[Block] = [layers]
    parts += section("Images, and what removing one would free", [holding])
    parts += section("On an outdated base", map(_sentence, outdated_sentences(shared)))
    parts += section("Bases that are nearly the same", map(_sentence, map(_similar_sentence, shared.similar)))
    show(parts, file)


def outdated_sentences(shared: Sharing) -> list[str]:
    """Return a sentence for each image on an outdated base."""
    return [
        f"{image_name(each.image)} is on {image_name(each.base)} of {printable_name(each.repository)},"
        f" of which {image_name(each.newer)} is newer here."
        for each in shared.outdated
    ]


def _similar_sentence(pair: Sequence[Base]) -> str:
    one, other = map(_base_words, pair)
    return f"{one} and {other} are nearly the same, and stored twice."


def _base_words(base: Base) -> str:
    name = f"{'the first layer of ' * (base.image is None)}{image_name(base.images[0])}"
    below = f", below {plural(len(base.on_it), 'image')}" if base.on_it else ""
    return f"{name} ({human_size(base.size)}{below})"


def _sentence(text: str) -> Paragraph:
    return Paragraph(text, indent=2)


def short_id(digest: str) -> str:
    """Return the start of a digest, as engines show it."""
    return printable_name(digest.rpartition(":")[2][:_ID_LENGTH])


def image_name(image: LocalImage) -> str:
    """Return the tags of an image, or else its short id."""
    return ", ".join(map(printable_name, image.tags)) or f"{_NO_TAG} {short_id(image.image_id)}"
