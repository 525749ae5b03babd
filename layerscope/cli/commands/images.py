"""``layerscope images``: list the images of the local engines."""

import sys
from typing import Annotated

import typer

from layerscope.cli.opening import say_left_out, warn_of
from layerscope.cli.options import AsJson, DebugLog, ListedEngine, RowLimit
from layerscope.debug_log import start_log
from layerscope.report.json_document import Limit
from layerscope.report.local.document import write_images_document
from layerscope.report.local.table import write_image_table
from layerscope.session.local.listing import ImageOrder, local_images, matching_images, ordered_images

EXAMPLES = """\b
Examples:
  layerscope images
  layerscope images my-app --sort size       the largest image with that name first
  layerscope images '*:latest' --json"""


def images(  # noqa: PLR0917  # Typer reads the options from the signature
    pattern: Annotated[
        str, typer.Argument(metavar="[FILTER]", help="Text, a glob or re:REGEX for tags and ids.", show_default=False)
    ] = "",
    sort: Annotated[ImageOrder, typer.Option("--sort", help="The order of the rows.")] = ImageOrder.CREATED,
    engine: ListedEngine = None,
    limit: RowLimit = None,
    as_json: AsJson = False,
    debug: DebugLog = None,
) -> None:
    """List the images of the local engines: total, shared and unique size."""
    start_log(debug)
    listing = local_images(engine).checked()
    rows = Limit(limit)
    found = list(rows(ordered_images(matching_images(listing.found, pattern), sort)))
    if as_json:
        write_images_document(found, sys.stdout, rows)
    else:
        write_image_table(found, sys.stdout)
    say_left_out(rows)
    for refusal in listing.refusals:
        warn_of(refusal)
