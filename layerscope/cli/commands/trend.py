"""``layerscope trend``: show the size of an image's releases over time, and the step that made each jump."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from layerscope.cli.errors import ExitStatus
from layerscope.cli.opening import cache_unless, progress_title, say_left_out, warn_of
from layerscope.cli.options import AsJson, DebugLog, Force, NoCache, PlainHttp, RowLimit, WhichEngine, WhichPlatform
from layerscope.cli.progress import ReadingProgress
from layerscope.cli.streams import narrate
from layerscope.debug_log import start_log
from layerscope.report.atomic_write import refuse_existing, write_whole
from layerscope.report.json_document import Limit
from layerscope.report.trend import trend_csv, trend_page, write_trend_document, write_trend_table
from layerscope.session.summary import limit_words
from layerscope.text import printable_name

if TYPE_CHECKING:
    from layerscope.session.releases import TrendQuestion
    from layerscope.session.trend import Trend

EXAMPLES = """\b
Examples:
  layerscope trend registry://registry.example/web --match '1.*'
  layerscope trend my-app --last 10            of the local engine
  layerscope trend v1.tar v2.tar --package openssl
  layerscope trend my-app --deep --html my-app.html

Oldest first. Growth is of the content where both sizes are known, else of the
blobs; pull is what the release before does not have. Status: 2 if a release
cannot be read."""

_STDOUT = "-"

Names = Annotated[
    list[str],
    typer.Argument(
        metavar="NAME|ARCHIVE...",
        help="registry://HOST/NAME, a name in a local engine, or archives and layout folders.",
        show_default=False,
    ),
]

Package = Annotated[
    str | None, typer.Option("--package", metavar="NAME", help="Version and size of a package in each.")
]
CsvFile = Annotated[str | None, typer.Option("--csv", metavar="FILE", help="Write a CSV table; - for standard output.")]
HtmlFile = Annotated[str | None, typer.Option("--html", metavar="FILE", help="Write a page with the plot.")]


def trend(  # noqa: PLR0917  # Typer reads the options from the signature
    names: Names,
    match: Annotated[str, typer.Option("--match", metavar="GLOB", help="Only these tags.", show_default=False)] = "",
    sort: Annotated[Literal["version", "time"], typer.Option(help="The order of the releases.")] = "version",
    last: Annotated[int | None, typer.Option("--last", metavar="N", min=1, help="Only the last N releases.")] = None,
    deep: Annotated[bool, typer.Option("--deep", help="Read layers whose content size is not known.")] = False,
    path: Annotated[str | None, typer.Option("--path", metavar="PATH", help="The size of a path in each.")] = None,
    package: Package = None,
    platform: WhichPlatform = None,
    engine: WhichEngine = None,
    limit: RowLimit = None,
    as_json: AsJson = False,
    csv: CsvFile = None,
    html: HtmlFile = None,
    force: Force = False,
    _plain_http: PlainHttp = False,
    no_cache: NoCache = False,
    debug: DebugLog = None,
) -> int:
    """Show the size of an image's releases over time, and the step that made each jump."""
    start_log(debug)
    # 100 ms: urllib3, and help needs none
    from layerscope.session.releases import ReleaseOrder, TrendQuestion  # noqa: PLC0415
    from layerscope.session.trend import find_trend  # noqa: PLC0415

    files = _new_files(csv, html, force=force)
    question = TrendQuestion(names, match, ReleaseOrder(sort), last, deep, path, package, platform, engine)
    with ReadingProgress(progress_title(names[0]), counts=True) as progress:
        found = find_trend(question, progress, cache_unless(no_cache=no_cache))
    for file, write in files.items():
        write_whole(file, write(found), force=force)
        narrate(f"wrote {printable_name(str(file))}")
    if as_json or not (csv or html):
        _print(found, question, Limit(limit), as_json=as_json)
    elif csv == _STDOUT:
        sys.stdout.write(trend_csv(found))
    _say(found)
    return ExitStatus.ERROR if any(each.tag.is_broken for each in found.releases) else ExitStatus.SUCCESS


def _new_files(csv: str | None, html: str | None, *, force: bool) -> Mapping[Path, Callable[["Trend"], str]]:
    """Return the files to write, each with what makes its text; raises UsageError if one exists without ``force``."""
    files = {Path(file): write for file, write in ((csv, trend_csv), (html, trend_page)) if file and file != _STDOUT}
    for file in files:
        refuse_existing(file, force=force)
    return files


def _print(trend: "Trend", question: "TrendQuestion", rows: Limit, *, as_json: bool) -> None:
    path, package = question.path, question.package
    if as_json:
        write_trend_document(trend, sys.stdout, rows, path=path is not None, package=package is not None)
    else:
        write_trend_table(trend, sys.stdout, rows, path=path, package=package)
    say_left_out(rows)


def _say(trend: "Trend") -> None:
    """Print to standard error what could not be read, and what the registry's limit leaves."""
    for problem in trend.problems:
        warn_of(problem)
    if trend.rate_limit is not None:
        narrate(limit_words(trend.rate_limit))
