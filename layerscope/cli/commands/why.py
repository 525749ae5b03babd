"""``layerscope why``: which layer made the image large, and what to change."""

import sys
from typing import Annotated

import typer

from layerscope.cli.debug_log import start_log
from layerscope.cli.opening import opened, warn
from layerscope.cli.options import AsJson, Base, DebugLog, Reference, WhichImage, WhichPlatform

All = Annotated[bool, typer.Option("--all", help="Every dead file, duplicate and path, not only the heaviest.")]


def why(  # noqa: PLR0917  # Typer reads the options from the signature
    reference: Reference,
    image: WhichImage = None,
    platform: WhichPlatform = None,
    base: Base = None,
    every: All = False,
    as_json: AsJson = False,
    debug: DebugLog = None,
) -> None:
    """Tell which layer made the image large, which bytes are dead and why, and what to change."""
    from layerscope.session.size.analysis import SizeAnalysis  # noqa: PLC0415
    from layerscope.session.size.base_image import chosen_base  # noqa: PLC0415  # nothing that --help needs

    start_log(debug)
    with opened(reference, image, platform) as session:
        analysis = SizeAnalysis(session.loaded, chosen_base(session.image, base))
        if as_json:
            from layerscope.report.json_document import write_json_table  # noqa: PLC0415  # each run needs one of the two
            from layerscope.report.size.document import why_document  # noqa: PLC0415

            write_json_table(why_document(analysis), sys.stdout)
        else:
            from layerscope.report.size.tables import write_why_tables  # noqa: PLC0415

            write_why_tables(analysis, sys.stdout, every=every)
        warn(session)
