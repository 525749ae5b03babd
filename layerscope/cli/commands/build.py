"""``layerscope build``: build with the local engine, say what the cache did, and open the result."""

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import typer
from msgspec import Struct

from layerscope.cache.cache import Cache
from layerscope.cli.opening import show_opened
from layerscope.cli.streams import narrate
from layerscope.errors import UsageError
from layerscope.model.build_report import BuildReport
from layerscope.report.atomic_write import refuse_existing, write_whole
from layerscope.report.build import build_lines, write_build_document
from layerscope.session.dockerfile.remembered_build import remember_build
from layerscope.session.local.build import BUILDERS, BuildRun, chosen_builder, run_build
from layerscope.session.local.build_options import build_options
from layerscope.session.local.build_report import open_result, remembered, report_build
from layerscope.text import plural, printable_line, printable_name

EXAMPLES = None

_OWN_OPTIONS = ("--builder-command", "--build-report")
_WATCH = "--watch"
_MOST_NAMED = 3


class _OwnOptions(Struct):
    """The options that are not the builder's."""

    builder_command: str | None = None
    build_report: str | None = None
    watches: bool = False


def build(context: typer.Context) -> int:
    """Build with the local engine (docker, podman or buildah), report what the cache did, and open the result."""
    own, arguments = _own_options(context.args)
    if own.build_report is not None:
        # an invalid path is an error before the build, not after it
        refuse_existing(Path(own.build_report), force=True)
    if own.watches:
        _watch(own, arguments)
    run = run_build(arguments, own.builder_command)
    _finish(run, own)
    return run.exit_status


def _watch(own: _OwnOptions, arguments: Sequence[str]) -> NoReturn:
    """Build again whenever the context changes, until Ctrl+C."""
    from layerscope.session.local.watching import WatchedContext  # noqa: PLC0415  # 30 ms, and only for --watch

    builder, note = chosen_builder(own.builder_command)
    _say(note)
    written = [own.build_report] if own.build_report else []
    context = WatchedContext(build_options(arguments), BUILDERS[builder], written)
    for changed in context.changes():
        if changed:
            more = f" and {plural(len(changed) - _MOST_NAMED, 'other file')}" if len(changed) > _MOST_NAMED else ""
            narrate(f"layerscope: {', '.join(map(printable_name, changed[:_MOST_NAMED]))}{more} changed")
        _finish(run_build(arguments, builder), own)
        narrate(f"layerscope: watching {printable_name(str(context.folder))}; Ctrl+C ends")
    raise KeyboardInterrupt


def _own_options(arguments: Sequence[str]) -> tuple[_OwnOptions, list[str]]:
    """Return our own options, and the arguments for the builder; raises UsageError for an option without a value."""
    values: dict[str, str] = {}
    others: list[str] = []
    watches = False
    rest = iter(arguments)
    for argument in rest:
        name, equals, value = argument.partition("=")
        if argument == _WATCH:
            watches = True
            continue
        if name not in _OWN_OPTIONS:
            others += [argument, *(rest if argument == "--" else ())]
            continue
        given = value if equals else next(rest, None)
        if not given:
            raise UsageError(f"{name} needs a value")
        values[name] = given
    return _OwnOptions(values.get("--builder-command"), values.get("--build-report"), watches), others


def _finish(run: BuildRun, own: _OwnOptions) -> None:
    """Report on a build, and open its result on a terminal."""
    _say(run.note)
    session = open_result(run)
    report = report_build(run, session)
    if run.exit_status:
        narrate(f"layerscope: {run.builder} build failed with exit status {run.exit_status}")
    elif session is None and not run.options.asks_for_help:
        narrate(f"layerscope: {run.builder} build stored no image, so there is none to open")
    for line in build_lines(report):
        narrate(f"layerscope: {line}")
    if own.build_report is not None:
        _write_report(own.build_report, report)
    if session is not None:
        with session:
            session.build = remembered(run, session, report)
            remember_build(Cache(), session.image, session.build)
            if not own.watches and not run.options.outputs and sys.stdout.isatty():
                show_opened(session)


def _say(note: str | None) -> None:
    if note:
        narrate(f"layerscope: {printable_line(note)}")


def _write_report(name: str, report: BuildReport) -> None:
    text = io.StringIO()
    write_build_document(report, text)
    # each build overwrites the report of the previous one
    write_whole(Path(name), text.getvalue(), force=True)
