"""``layerscope images``: list the images of the local engines."""

import sys
from typing import Annotated

import typer

from layerscope.cli.opening import say_left_out, warn_of
from layerscope.cli.options import AsJson, DebugLog, ListedEngine, RowLimit
from layerscope.debug_log import start_log
from layerscope.model.engine import Engine
from layerscope.report.json_document import Limit
from layerscope.report.listings import write_image_table, write_images_document
from layerscope.report.shared_layers import write_images_layers_document, write_shared_layers
from layerscope.session.local.listing import ImageOrder, layered_images, local_images, matching_images, ordered_images
from layerscope.session.local.sharing import sharing

EXAMPLES = """\b
Examples:
  layerscope images
  layerscope images my-app --sort size       the largest image with that name first
  layerscope images '*:latest' --json
  layerscope images --layers                 what images share, and what removing one frees

With --layers: an engine stores a layer once for each pile of layers below it. A base is what an image is built on: the
local image with the most layers that it starts with, or else its first layer. It is outdated where a newer image of its
repository is here, which the image is not built on. Two bases are nearly the same if 80 % of the bytes of each are in
layers that are the same, or come from the same instruction and differ by at most 5 % in size; contents are not
compared."""


def images(  # noqa: PLR0917  # Typer reads the options from the signature
    pattern: Annotated[
        str, typer.Argument(metavar="[FILTER]", help="Text, a glob or re:REGEX for tags and ids.", show_default=False)
    ] = "",
    sort: Annotated[ImageOrder, typer.Option("--sort", help="The order of the rows.")] = ImageOrder.CREATED,
    engine: ListedEngine = None,
    layers: Annotated[
        bool, typer.Option("--layers", help="Layers by how many images hold them, and what removing an image frees.")
    ] = False,
    limit: RowLimit = None,
    as_json: AsJson = False,
    debug: DebugLog = None,
) -> None:
    """List the images of the local engines: total, shared and unique size."""
    start_log(debug)
    if layers:
        refusals = _list_layers(engine, pattern, sort, Limit(limit), as_json=as_json)
    else:
        listing = local_images(engine).checked()
        rows, refusals = Limit(limit), listing.refusals
        found = list(rows(ordered_images(matching_images(listing.found, pattern), sort)))
        if as_json:
            write_images_document(found, sys.stdout, rows)
        else:
            write_image_table(found, sys.stdout)
        say_left_out(rows)
    for refusal in refusals:
        warn_of(refusal)


def _list_layers(
    engine: Engine | None, pattern: str, sort: ImageOrder, rows: Limit, *, as_json: bool
) -> tuple[str, ...]:
    listing = layered_images(engine).checked()
    found = ordered_images(matching_images([each.image for each in listing.found], pattern), sort)
    shared = sharing(listing.found).of(found)
    shared = shared._replace(layers=list(rows(shared.layers)))
    found = list(rows(found))
    if as_json:
        write_images_layers_document(shared, found, sys.stdout, rows)
    else:
        write_shared_layers(shared, found, sys.stdout)
    say_left_out(rows)
    return listing.refusals
