"""``layerscope report``: the answer as a file to keep and to share."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from layerscope.cli.debug_log import start_log
from layerscope.cli.opening import opened, warn
from layerscope.cli.options import Base, DebugLog, Force, Reference, WhichImage, WhichPlatform
from layerscope.cli.streams import narrate
from layerscope.errors import UsageError
from layerscope.text import printable_name

if TYPE_CHECKING:
    from layerscope.session.size.analysis import SizeAnalysis

Output = Annotated[
    str,
    typer.Option("--output", "-o", metavar="FILE", help="The file; its ending says what: .html, .md or .csv."),
]


def report(  # noqa: PLR0917  # Typer reads the options from the signature
    reference: Reference,
    output: Output,
    image: WhichImage = None,
    platform: WhichPlatform = None,
    base: Base = None,
    force: Force = False,
    debug: DebugLog = None,
) -> None:
    """Write a report: one HTML page that needs nothing else, Markdown, or CSV."""
    from layerscope.report.atomic_write import refuse_existing, write_whole  # noqa: PLC0415  # nothing that --help needs
    from layerscope.session.size.analysis import SizeAnalysis  # noqa: PLC0415
    from layerscope.session.size.base_image import chosen_base  # noqa: PLC0415

    start_log(debug)
    path = Path(output)
    make = _maker(path)
    refuse_existing(path, force=force)
    with opened(reference, image, platform) as session:
        text = make(SizeAnalysis(session.loaded, chosen_base(session.image, base)))
        warn(session)
    write_whole(path, text, force=force)
    narrate(f"wrote {printable_name(str(path))}")


def _maker(path: Path) -> Callable[["SizeAnalysis"], str]:
    """Return what makes the text of a file of that ending; raises UsageError where there is none."""
    match path.suffix.lower():
        case ".html" | ".htm":
            from layerscope.report.page.html_report import html_report  # noqa: PLC0415  # each run needs one of them

            return html_report
        case ".md" | ".markdown":
            from layerscope.report.page.markdown_report import markdown_report  # noqa: PLC0415

            return markdown_report
        case ".csv":
            from layerscope.report.page.csv_report import csv_report  # noqa: PLC0415

            return csv_report
    raise UsageError(f"{printable_name(str(path))}: a report is .html, .md or .csv, by the ending of the file's name")
