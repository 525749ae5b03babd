"""``layerscope build``: build with the local engine, say what the cache did, and open the result."""

import io
import sys
from collections.abc import Sequence
from pathlib import Path

import typer
from msgspec import Struct

from layerscope.cli.opening import show_opened
from layerscope.cli.streams import narrate
from layerscope.errors import UsageError
from layerscope.report.atomic_write import write_whole
from layerscope.report.build.document import build_document
from layerscope.report.build.lines import build_lines
from layerscope.report.json_document import write_json
from layerscope.session.local.build import BuildRun, run_build
from layerscope.session.local.build_report import open_result, report_build

EXAMPLES = None

_OWN_OPTIONS = ("--builder-command", "--build-report")


class _OwnOptions(Struct):
    """The options that are not the builder's."""

    builder_command: str | None = None
    build_report: str | None = None


def build(context: typer.Context) -> int:
    """Build with the local engine (docker, podman or buildah), report what the cache did, and open the result."""
    own, arguments = _own_options(context.args)
    run = run_build(arguments, own.builder_command)
    _finish(run, own)
    return run.exit_status


def _own_options(arguments: Sequence[str]) -> tuple[_OwnOptions, list[str]]:
    """Return our own options, and the arguments for the builder; raises UsageError for an option without a value."""
    values: dict[str, str] = {}
    others: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        name, equals, value = argument.partition("=")
        if name not in _OWN_OPTIONS:
            others += [argument, *(rest if argument == "--" else ())]
            continue
        given = value if equals else next(rest, None)
        if not given:
            raise UsageError(f"{name} needs a value")
        values[name] = given
    return _OwnOptions(*map(values.get, _OWN_OPTIONS)), others


def _finish(run: BuildRun, own: _OwnOptions) -> None:
    """Report on a build, and open its result on a terminal."""
    session = open_result(run)
    report = report_build(run, session)
    if run.exit_status:
        narrate(f"layerscope: {run.builder} build failed with exit status {run.exit_status}")
    elif session is None and not run.options.asks_for_help:
        narrate(f"layerscope: {run.builder} build stored no image, so there is none to open")
    for line in build_lines(report):
        narrate(f"layerscope: {line}")
    if own.build_report is not None:
        _write_report(own.build_report, build_document(report))
    if session is not None:
        with session:
            if not run.options.outputs and sys.stdout.isatty():
                show_opened(session)


def _write_report(name: str, document: dict[str, object]) -> None:
    text = io.StringIO()
    write_json(document, text)
    # each build overwrites the report of the previous one
    write_whole(Path(name), text.getvalue(), force=True)
