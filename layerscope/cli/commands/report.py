"""``layerscope report``: write the answer to a file, to keep and to share."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from layerscope.cli.image_command import NamedImage, image_command
from layerscope.cli.opening import warn, warn_of_attestations
from layerscope.cli.options import Base, DockerfileName, Force
from layerscope.cli.streams import narrate
from layerscope.errors import UsageError
from layerscope.report.atomic_write import refuse_existing, write_whole
from layerscope.report.page.html import html_report
from layerscope.report.page.markdown import markdown_report
from layerscope.report.page.spreadsheet import csv_report
from layerscope.session.dockerfile.lines import known_dockerfile
from layerscope.session.size.analysis import SizeAnalysis, size_analysis
from layerscope.session.size.base_image import chosen_base
from layerscope.text import printable_name

EXAMPLES = """\b
Examples:
  layerscope report my-app.tar -o my-app.html           one page, with a treemap
  layerscope report my-app:v1 -o my-app.md              for a wiki or a comment
  layerscope report my-app:v1 -o my-app.csv             for a spreadsheet"""

Output = Annotated[
    str,
    typer.Option("--output", "-o", metavar="FILE", help="The file; its extension is the format: .html, .md or .csv."),
]

_FORMATS: dict[str, Callable[[SizeAnalysis], str]] = {
    ".html": html_report,
    ".htm": html_report,
    ".md": markdown_report,
    ".markdown": markdown_report,
    ".csv": csv_report,
}
"""By file extension."""


@image_command
def report(
    named: NamedImage,
    output: Output,
    *,
    base: Base = None,
    dockerfile: DockerfileName = None,
    force: Force = False,
) -> None:
    """Write a report: one self-contained HTML page, Markdown, or CSV."""
    path = Path(output)
    make = _FORMATS.get(path.suffix.lower())
    if make is None:
        raise UsageError(f"{printable_name(str(path))}: the file extension of a report is .html, .md or .csv")
    refuse_existing(path, force=force)
    with named.opened() as session:
        placed = known_dockerfile(session.image, dockerfile, session.build)
        text = make(size_analysis(session, chosen_base(session.image, base), placed))
        warn(session.image, session.tallies)
        warn_of_attestations(session.image)
    write_whole(path, text, force=force)
    narrate(f"wrote {printable_name(str(path))}")
