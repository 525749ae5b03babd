"""``layerscope survey``: write what many images hold as a Parquet data set."""

import os
from pathlib import Path
from typing import Annotated

import typer

from layerscope.cli.errors import ExitStatus
from layerscope.cli.opening import warn_of
from layerscope.cli.options import DebugLog, NoCache, PlainHttp, WhichPlatform
from layerscope.cli.progress import ReadingProgress
from layerscope.debug_log import start_log
from layerscope.errors import UsageError

EXAMPLES = """\b
Examples:
  layerscope survey archives/ -o survey
  layerscope survey my-app.tar registry://debian:12 -o survey
  layerscope survey report survey

A second survey of the same folder adds what is new. Status: 2 if an image
cannot be read; its row in the table images has the reason."""


def survey(  # noqa: PLR0917  # Typer reads the options from the signature
    sources: Annotated[list[str], typer.Argument(metavar="SOURCE...", help="Images, and folders of archives.")],
    folder: Annotated[Path, typer.Option("-o", "--output", metavar="FOLDER", help="The data set to write.")],
    jobs: Annotated[
        int | None, typer.Option("--jobs", metavar="N", min=1, help="Processes, by default all cores.")
    ] = None,
    platform: WhichPlatform = None,
    _plain_http: PlainHttp = False,
    no_cache: NoCache = False,
    debug: DebugLog = None,
) -> int:
    """Write the layers, files, packages, dead bytes and secrets of many images as a Parquet data set."""
    start_log(debug)
    try:
        from layerscope.survey.run import survey as run  # noqa: PLC0415  # an extra: not everybody has it
    except ModuleNotFoundError as error:
        raise UsageError(f"a survey needs {error.name}: pip install 'layerscope[survey]'") from error
    with ReadingProgress("reading images", counts=True) as progress:
        failures = run(
            sources, folder, progress, jobs=jobs or os.cpu_count() or 1, platform=platform, uses_cache=not no_cache
        )
    for failure in failures:
        warn_of(f"{failure.reference}: {failure.reason}" if failure.has_rows else failure.reason)
    return ExitStatus.ERROR if failures else ExitStatus.SUCCESS
