"""``layerscope diff``: compare two layers of an image, or two images."""

import sys
from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Annotated, NamedTuple, TextIO

import typer

from layerscope.analysis.comparison.digest_causes import DigestReport
from layerscope.analysis.tree.change import ChangeKind
from layerscope.cli.answering import print_answer
from layerscope.cli.commands.diff_sides import LayerPair, Sides, parse_sides
from layerscope.cli.errors import ExitStatus
from layerscope.cli.opening import say_left_out, warn, warn_of
from layerscope.cli.options import AsJson, DebugLog, NoCache, PlainHttp, Reference, RowLimit, completed, parse_changes
from layerscope.cli.streams import has_screen, output_may_be_cut, terminal
from layerscope.comparison.compare import ImageComparison, LayerComparison, compare_images, compare_layers
from layerscope.comparison.digests import digest_report
from layerscope.comparison.filtered import ALL_CHANGES, FilteredComparison
from layerscope.debug_log import start_log
from layerscope.errors import UsageError
from layerscope.model.engine import Engine
from layerscope.report.diff.document import write_diff_document
from layerscope.report.json_document import Limit
from layerscope.session.image_session import ImageSession
from layerscope.session.reading.shared_layers import load_both
from layerscope.text import plural, printable_name, printable_path

EXAMPLES = """\b
Examples:
  layerscope diff my-app.tar 3 7           what layers 4 to 7 did (or 3..7)
  layerscope diff my-app.tar 3 7 --own     the entries of both layers
  layerscope diff v1.tar v2.tar            two images
  layerscope diff v1.tar v2.tar --stat     which directories grew
  layerscope diff v1.tar v2.tar --patch --path /etc
  layerscope diff v1.tar v2.tar --digests  why digests differ
  layerscope diff v1.tar v2.tar --format markdown   for a pull request
  layerscope diff two.tar two.tar --image v1 --image v2
  layerscope diff v1.tar v2.tar --json | jq '.changes[] | [.change, .path]'

Status with --exit-code: 0 if nothing differs, 1 if something does, 2 if that
is unknown."""

_MOST_UNREAD = 10
"""The number of unreadable paths that are named."""

Others = Annotated[
    list[str],
    typer.Argument(
        metavar="A B|A..B|IMAGE",
        help="Two layers of the image, by number (0: before the first), or another image.",
        show_default=False,
        autocompletion=completed("layer or image"),
    ),
]
WhichImages = Annotated[
    list[str] | None,
    typer.Option("--image", metavar="TAG", help="The image to open if there are several; twice: old, then new."),
]
WhichPlatforms = Annotated[
    list[str] | None,
    typer.Option("--platform", metavar="OS/ARCH", help="The platform to open if there are several; twice: old, new."),
]
WhichEngines = Annotated[
    list[Engine] | None,
    typer.Option("--engine", help="The engine that has the image; twice: that of the old one, then of the new one."),
]
Own = Annotated[bool, typer.Option("--own", help="Compare the two layers' own entries, not the trees after them.")]
Mtime = Annotated[bool, typer.Option("--mtime", help="Also compare modification times, to the second.")]
Only = Annotated[str | None, typer.Option("--only", metavar="CHANGES", help="Only these rows: added,modified,removed.")]
Paths = Annotated[
    list[str] | None,
    typer.Option("--path", metavar="GLOB", help="Only matching paths, and everything below them; repeatable."),
]
Stat = Annotated[bool, typer.Option("--stat", help="Total by directory, the largest changes first.")]
Patch = Annotated[bool, typer.Option("--patch", help="Add a unified diff of modified texts, in UTF-8.")]
WithDigests = Annotated[bool, typer.Option("--digests", help="Say why digests differ, and what mends it.")]
IgnoreTimes = Annotated[
    bool, typer.Option("--ignore-times", help="With --digests --exit-code: end with 0 if only times differ.")
]
ExitCode = Annotated[bool, typer.Option("--exit-code", help="End with status 1 if anything differs.")]
NoTui = Annotated[bool, typer.Option("--no-tui", help="Print, also on a terminal.")]


class SummaryFormat(StrEnum):
    """A format of the summary."""

    MARKDOWN = "markdown"
    HTML = "html"


Summary = Annotated[
    SummaryFormat | None,
    typer.Option("--format", help="A summary of two images for a pull request, 65,536 characters at most."),
]


class _Form(NamedTuple):
    """The format of the output, and the rows that are selected."""

    as_json: bool
    stat: bool
    patch: bool
    exit_code: bool
    summary: SummaryFormat | None
    changes: Collection[ChangeKind]
    globs: Sequence[str]
    mtime: bool
    digests: bool
    ignore_times: bool
    limit: Limit

    @property
    def sorted(self) -> Sequence[object]:
        """The same for equal options, whatever the order of a set is."""
        return (*self[:5], self.mtime, sorted(self.changes), *self.globs)


def diff(  # noqa: PLR0917  # Typer reads the options from the signature
    reference: Reference,
    others: Others,
    image: WhichImages = None,
    platform: WhichPlatforms = None,
    engine: WhichEngines = None,
    own: Own = False,
    only: Only = None,
    path: Paths = None,
    stat: Stat = False,
    patch: Patch = False,
    mtime: Mtime = False,
    digests: WithDigests = False,
    ignore_times: IgnoreTimes = False,
    limit: RowLimit = None,
    as_json: AsJson = False,
    summary: Summary = None,
    exit_code: ExitCode = False,
    no_tui: NoTui = False,
    _plain_http: PlainHttp = False,
    no_cache: NoCache = False,
    debug: DebugLog = None,
) -> int:
    """Compare two layers of an image, or two images: steps, paths, config and packages."""
    start_log(debug)
    sides = parse_sides(reference, others, image, platform, engine, own=own, no_cache=no_cache)
    rows = as_json or stat or patch or digests or limit or only is not None or path is not None
    if summary is not None and (rows or isinstance(sides.other, LayerPair)):
        raise UsageError("--format sums up two images: it takes no layers, and no option that selects or prints rows")
    prints = no_tui or rows or exit_code or summary is not None
    if not prints and has_screen() and (sys.stdin.isatty() or sides.takes_standard_input):
        return _explore(sides, mtime=mtime)
    if as_json and (stat or patch):
        raise UsageError(f"--json and {'--stat' if stat else '--patch'} are two different formats")
    if ignore_times and (mtime or not digests):
        alone = "--ignore-times is about digests: give --digests as well"
        raise UsageError("--mtime and --ignore-times contradict each other" if digests else alone)
    changes, globs = parse_changes(only, sorted(ALL_CHANGES)), [_glob(glob) for glob in path or ()]
    form = _Form(as_json, stat, patch, exit_code, summary, changes, globs, mtime, digests, ignore_times, Limit(limit))
    return _print(sides, form)


def _glob(text: str) -> str:
    if not text:
        raise UsageError("--path takes a glob, not nothing")
    path = text[1:] if text.startswith("./") else text
    return path.rstrip("/") or "/"


def _explore(sides: Sides, *, mtime: bool) -> int:
    with sides.opened() as (old, new), terminal():
        # 120 ms: Textual
        from layerscope.tui.comparison.explore import explore_comparison, explore_layers  # noqa: PLC0415

        if isinstance(sides.other, LayerPair):
            explore_layers(old, *sides.other, own=sides.own, mtime=mtime)
        else:
            explore_comparison(old, new, mtime=mtime)
    return ExitStatus.SUCCESS


def _print(sides: Sides, form: _Form) -> int:
    with sides.opened() as (old, new):
        if not (form.exit_code or form.digests):
            _print_answer(old, new, sides, form)
            return ExitStatus.SUCCESS
        view = _view(old, new, sides, form)
        digests = digest_report(view.comparison) if form.digests else None
        # the status counts even if the reader of the output closes the pipe
        status = _status(view, digests, ignore_times=form.ignore_times) if form.exit_code else ExitStatus.SUCCESS
        with output_may_be_cut():
            _write(view, form, sys.stdout, digests)
            say_left_out(form.limit)
            _warn_of_images(old, new)
            _warn_of_rows(view)
        return status


def _print_answer(old: ImageSession, new: ImageSession, sides: Sides, form: _Form) -> None:
    views: list[FilteredComparison] = []

    def write(file: TextIO) -> bool:
        view = _view(old, new, sides, form)
        views.append(view)
        _write(view, form, file)
        return view.fits_any_path and not view.unread

    layers = sides.other if isinstance(sides.other, LayerPair) else None
    print_answer([old] if old is new else [old, new], ("diff", layers, sides.own, form.sorted), write, form.limit)
    _warn_of_images(old, new)
    for view in views:
        _warn_of_rows(view)


def _view(old: ImageSession, new: ImageSession, sides: Sides, form: _Form) -> FilteredComparison:
    comparison: LayerComparison | ImageComparison
    if isinstance(sides.other, LayerPair):
        comparison = compare_layers(old.load(), *sides.other, own=sides.own, mtime=form.mtime)
    else:
        comparison = compare_images(*load_both(old, new), mtime=form.mtime)
    return FilteredComparison(comparison, form.changes, form.globs)


def _write(view: FilteredComparison, form: _Form, file: TextIO, digests: DigestReport | None = None) -> None:
    if form.summary is not None and view.images is not None:
        # 20 ms: the parts of the page
        from layerscope.report.diff.summary import html_summary, markdown_summary  # noqa: PLC0415

        file.write((markdown_summary if form.summary is SummaryFormat.MARKDOWN else html_summary)(view.images))
    elif form.as_json:
        write_diff_document(view, file, digests, form.limit)
    else:
        from layerscope.report.diff.tables import write_diff_tables  # noqa: PLC0415  # 15 ms: texts

        write_diff_tables(view, file, digests, stat=form.stat, patch=form.patch, limit=form.limit)


def _warn_of_images(old: ImageSession, new: ImageSession) -> None:
    if old is new:
        warn(old.image, old.tallies)
        return
    for session in (old, new):
        warn(session.image, session.tallies, printable_name(session.image.reference))


def _warn_of_rows(view: FilteredComparison) -> None:
    """Print the files that could not be compared."""
    if not view.fits_any_path:
        warn_of("no path on either side matches --path")
    unread = view.unread
    for path in unread[:_MOST_UNREAD]:
        warn_of(f"{printable_path(path)} cannot be read, and is listed as modified")
    if len(unread) > _MOST_UNREAD:
        warn_of(f"{plural(len(unread) - _MOST_UNREAD, 'more file')} cannot be read, and are listed as modified")


def _status(view: FilteredComparison, digests: DigestReport | None, *, ignore_times: bool) -> ExitStatus:
    """Return the status for ``--exit-code``; an error if unreadable content leaves it unknown."""
    if not view.is_certain:
        return ExitStatus.ERROR
    # two layers may have other digests where the trees after them are the same
    differs = view.differs if digests is None else view.images is None and view.differs
    if digests is not None:
        differs |= bool(digests.causes) and not (ignore_times and digests.is_time_only)
    return ExitStatus.FINDINGS if differs else ExitStatus.SUCCESS
