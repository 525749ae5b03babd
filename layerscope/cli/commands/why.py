"""``layerscope why``: show what made the image large, and what to change."""

from functools import partial
from typing import Annotated, Literal, TextIO

import typer

from layerscope.analysis.size.base_image import BaseImage
from layerscope.cli.answering import print_answer
from layerscope.cli.debug_log import start_log
from layerscope.cli.opening import opened, warn
from layerscope.cli.options import AsJson, Base, DebugLog, NoCache, Reference, WhichEngine, WhichImage, WhichPlatform
from layerscope.session.open import ImageSession
from layerscope.session.size.base_image import chosen_base

EXAMPLES = """\b
Examples:
  layerscope why my-app.tar
  layerscope why my-app.tar --base debian:13            the base image's part, set apart
  layerscope why my-app.tar --all | grep /var/cache     every dead file
  layerscope why my-app:v1 --json | jq '.advice[] | [.saves, .layer, .text]'"""

All = Annotated[bool, typer.Option("--all", help="Every dead file, duplicate and path, not only the largest.")]


def why(  # noqa: PLR0917  # Typer reads the options from the signature
    reference: Reference,
    image: WhichImage = None,
    platform: WhichPlatform = None,
    engine: WhichEngine = None,
    base: Base = None,
    show_all: All = False,
    as_json: AsJson = False,
    no_cache: NoCache = False,
    debug: DebugLog = None,
) -> None:
    """Show which layer made the image large, which bytes are dead and why, and what to change."""
    start_log(debug)
    with opened(reference, image, platform, engine, no_cache=no_cache) as session:
        chosen = chosen_base(session.image, base)
        write = partial(_write, session, chosen, show_all=show_all, as_json=as_json)
        print_answer([session], ("why", chosen, show_all, as_json), write)
        warn(session.image, session.tallies)


def _write(
    session: ImageSession, base: BaseImage | None, file: TextIO, *, show_all: bool, as_json: bool
) -> Literal[True]:
    # the analysis takes 30 ms to import, and an earlier run may have done it
    from layerscope.session.size.analysis import SizeAnalysis  # noqa: PLC0415

    analysis = SizeAnalysis(session.loaded, base)
    if as_json:
        from layerscope.report.json_document import write_json_table  # noqa: PLC0415  # a document needs no Rich
        from layerscope.report.size.document import why_document  # noqa: PLC0415

        write_json_table(why_document(analysis), file)
    else:
        from layerscope.report.size.tables import write_why_tables  # noqa: PLC0415  # Rich

        write_why_tables(analysis, file, show_all=show_all)
    return True
