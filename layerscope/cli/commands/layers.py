"""``layerscope layers``: steps and layers, and what each cost."""

import sys
from typing import TYPE_CHECKING

from layerscope.cli.debug_log import start_log
from layerscope.cli.opening import opened, warn
from layerscope.cli.options import AsJson, DebugLog, Reference, WhichImage, WhichPlatform

if TYPE_CHECKING:
    from layerscope.session.open import ImageSession


def layers(
    reference: Reference,
    image: WhichImage = None,
    platform: WhichPlatform = None,
    as_json: AsJson = False,
    debug: DebugLog = None,
) -> None:
    """List steps and layers: size, +/~/- counts, dead bytes, instruction."""
    start_log(debug)
    with opened(reference, image, platform) as session:
        print_layers(session, as_json=as_json)


def print_layers(session: "ImageSession", *, as_json: bool = False) -> None:
    """Print the layers of an opened image as a document or as a table, and warnings to standard error."""
    if as_json:
        from layerscope.report.json_document import write_json  # noqa: PLC0415  # each run needs one of the two
        from layerscope.report.layers.document import layers_document  # noqa: PLC0415

        write_json(layers_document(session.image, session.tallies), sys.stdout)
    else:
        from layerscope.report.layers.table import write_layer_table  # noqa: PLC0415

        write_layer_table(session.image, session.tallies, sys.stdout)
    warn(session)
