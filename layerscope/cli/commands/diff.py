"""``layerscope diff``: what differs between two layers of an image, or between two images."""

import sys
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from layerscope.cli.changes import chosen_changes
from layerscope.cli.commands.diff_sides import LayerPair, Sides, parse_sides
from layerscope.cli.debug_log import start_log
from layerscope.cli.exit_status import ExitStatus
from layerscope.cli.opening import warn, warn_of
from layerscope.cli.options import AsJson, DebugLog, Reference
from layerscope.cli.streams import output_may_be_cut
from layerscope.cli.terminal import collect_garbage_again, terminal
from layerscope.errors import UsageError
from layerscope.text import path_text, plural, printable_name

if TYPE_CHECKING:
    from layerscope.analysis.tree.change import ChangeKind
    from layerscope.comparison.compare import Comparison
    from layerscope.comparison.selected_diff import SelectedDiff

_MOST_UNREAD = 10
"""So many paths are named that could not be read."""

Others = Annotated[
    list[str],
    typer.Argument(
        metavar="A B|A..B|IMAGE",
        help="Two layers of the image, by number (0: before the first), or another image.",
        show_default=False,
    ),
]
WhichImages = Annotated[
    list[str] | None,
    typer.Option("--image", metavar="TAG", help="Which image, where there are several; twice: left, then right."),
]
WhichPlatforms = Annotated[
    list[str] | None,
    typer.Option("--platform", metavar="OS/ARCH", help="Which platform, where there are several; twice: left, right."),
]
Own = Annotated[bool, typer.Option("--own", help="The two layers' own entries, not the trees after them.")]
Mtime = Annotated[bool, typer.Option("--mtime", help="Another time is a difference, too, to the second.")]
Only = Annotated[str | None, typer.Option("--only", metavar="CHANGES", help="Only these rows: added,modified,removed.")]
Paths = Annotated[
    list[str] | None,
    typer.Option("--path", metavar="GLOB", help="Only paths that fit, and what is below them; repeatable."),
]
Stat = Annotated[bool, typer.Option("--stat", help="Sum up by directory, the largest changes first.")]
Patch = Annotated[bool, typer.Option("--patch", help="Add how modified texts differ, as a unified diff in UTF-8.")]
ExitCode = Annotated[bool, typer.Option("--exit-code", help="End with status 1 if anything differs.")]
NoTui = Annotated[bool, typer.Option("--no-tui", help="Print, on a terminal as well.")]


class _Form(NamedTuple):
    """How the answer is given, and which part of it."""

    as_json: bool
    stat: bool
    patch: bool
    exit_code: bool
    changes: Collection["ChangeKind"]
    globs: Sequence[str]


def diff(  # noqa: PLR0917  # Typer reads the options from the signature
    reference: Reference,
    others: Others,
    image: WhichImages = None,
    platform: WhichPlatforms = None,
    own: Own = False,
    only: Only = None,
    path: Paths = None,
    stat: Stat = False,
    patch: Patch = False,
    mtime: Mtime = False,
    as_json: AsJson = False,
    exit_code: ExitCode = False,
    no_tui: NoTui = False,
    debug: DebugLog = None,
) -> int:
    """Compare two layers of an image, or two images: steps, paths and what differs about them, config, packages."""
    start_log(debug)
    sides = parse_sides(reference, others, image, platform, own=own)
    shaped = no_tui or as_json or stat or patch or exit_code or only is not None or path is not None
    if not shaped and _is_looked_at(sides):
        _explore(sides, mtime=mtime)
        return ExitStatus.FINE
    if as_json and (stat or patch):
        raise UsageError(f"--json and {'--stat' if stat else '--patch'} are two different forms")
    form = _Form(as_json, stat, patch, exit_code, _changes(only), [_glob(glob) for glob in path or ()])
    return _print(sides, form, mtime=mtime)


def _changes(only: str | None) -> frozenset["ChangeKind"]:
    from layerscope.comparison.selected_diff import ALL_CHANGES  # noqa: PLC0415  # nothing that --help needs

    return chosen_changes(only, sorted(ALL_CHANGES))


def _glob(text: str) -> str:
    if not text:
        raise UsageError("--path takes a glob, not nothing")
    path = text[1:] if text.startswith("./") else text
    return path.rstrip("/") or "/"


def _is_looked_at(sides: Sides) -> bool:
    """Tell whether somebody sits at a terminal; where an archive comes on standard input, the output tells."""
    return sys.stdout.isatty() and (sys.stdin.isatty() or sides.takes_standard_input)


def _explore(sides: Sides, *, mtime: bool) -> None:
    with sides.opened() as (old, new), terminal():
        from layerscope.tui.app import explore_comparison, explore_layers  # noqa: PLC0415  # the heaviest import

        collect_garbage_again()
        if isinstance(sides.other, LayerPair):
            explore_layers(old, *sides.other, own=sides.own, mtime=mtime)
        else:
            explore_comparison(old, new, mtime=mtime)


def _print(sides: Sides, form: _Form, *, mtime: bool) -> int:
    from layerscope.comparison.compare import compare_images, compare_layers  # noqa: PLC0415  # nothing for --help
    from layerscope.comparison.selected_diff import SelectedDiff  # noqa: PLC0415

    with sides.opened() as (old, new):
        if isinstance(sides.other, LayerPair):
            comparison: Comparison = compare_layers(old.loaded, *sides.other, own=sides.own, mtime=mtime)
        else:
            comparison = compare_images(old.loaded, new.loaded, mtime=mtime)
        view = SelectedDiff(old.loaded, new.loaded, comparison, form.changes, form.globs)
        if not form.exit_code:
            _tell(view, form)
            return ExitStatus.FINE
        # whoever reads no further still wants to know
        status = _status(view)
        with output_may_be_cut():
            _tell(view, form)
        return status


def _tell(view: "SelectedDiff", form: _Form) -> None:
    _write(view, form)
    _warn(view)


def _write(view: "SelectedDiff", form: _Form) -> None:
    if form.as_json:
        from layerscope.report.diff.document import write_diff_document  # noqa: PLC0415  # each run needs one of the two

        write_diff_document(view, sys.stdout)
    else:
        from layerscope.report.diff.tables import write_diff_tables  # noqa: PLC0415

        write_diff_tables(view, sys.stdout, stat=form.stat, patch=form.patch)


def _warn(view: "SelectedDiff") -> None:
    """Tell what is wrong with the images, and which files could not be compared."""
    if view.old is view.new:
        warn(view.old)
    else:
        for loaded in (view.old, view.new):
            warn(loaded, printable_name(loaded.image.reference))
    if not view.fits_any_path:
        warn_of("neither side has a path that fits --path")
    unread = view.unread
    for path in unread[:_MOST_UNREAD]:
        warn_of(f"{printable_name(path_text(path))} cannot be read, and is taken for modified")
    if len(unread) > _MOST_UNREAD:
        warn_of(f"{plural(len(unread) - _MOST_UNREAD, 'more file')} cannot be read, and count as modified")


def _status(view: "SelectedDiff") -> ExitStatus:
    """Return what ``--exit-code`` says; of what could not be read whole, that it cannot be told."""
    if not view.is_certain:
        return ExitStatus.FAILED
    return ExitStatus.FOUND if view.differs else ExitStatus.FINE
