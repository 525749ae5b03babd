"""``layerscope check``: whether an image keeps to the rules."""

import io
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from layerscope.cli.debug_log import start_log
from layerscope.cli.exit_status import ExitStatus
from layerscope.cli.opening import opened, progress_title, warn
from layerscope.cli.options import AsJson, Base, DebugLog, Force, Reference, WhichImage, WhichPlatform
from layerscope.cli.progress import ReadingProgress
from layerscope.cli.streams import narrate
from layerscope.errors import UsageError
from layerscope.text import printable_name

if TYPE_CHECKING:
    from layerscope.policy.outcome import CheckReport


class Format(StrEnum):
    """How the outcome is written."""

    TABLE = "table"
    JSON = "json"
    JUNIT = "junit"
    SARIF = "sarif"
    GITHUB = "github"
    MARKDOWN = "markdown"


Config = Annotated[
    str | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="The rules; by default .layerscope.toml, [tool.layerscope] in pyproject.toml, or .dive-ci in this folder.",
    ),
]
BaselineOption = Annotated[
    str | None, typer.Option("--baseline", metavar="IMAGE", help="The image that max-growth is counted from.")
]
FormatOption = Annotated[Format | None, typer.Option("--format", help="By default a table.")]
Output = Annotated[str | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a file instead.")]
Init = Annotated[bool, typer.Option("--init", help="Write .layerscope.toml with today's figures as the limits.")]


def check(  # noqa: PLR0917  # Typer reads the options from the signature
    reference: Reference,
    image: WhichImage = None,
    platform: WhichPlatform = None,
    config: Config = None,
    baseline: BaselineOption = None,
    base: Base = None,
    form: FormatOption = None,
    as_json: AsJson = False,
    output: Output = None,
    init: Init = False,
    force: Force = False,
    debug: DebugLog = None,
) -> int:
    """Check an image against rules: status 0 if it keeps them, 1 if it does not, 2 if that cannot be told."""
    start_log(debug)
    if init:
        _write_rules(reference, image, platform, config, force=force)
        return ExitStatus.FINE
    form = _format(form, as_json=as_json)
    report = _report(reference, image, platform, config, baseline, base)
    _deliver(report, form, output)
    return _status(report)


def _format(form: Format | None, *, as_json: bool) -> Format:
    if as_json and form not in (None, Format.JSON):
        raise UsageError(f"--json and --format {form} are two different forms")
    return Format.JSON if as_json else form or Format.TABLE


def _report(  # noqa: PLR0917  # what the command was given
    reference: str, image: str | None, platform: str | None, config: str | None, baseline: str | None, base: str | None
) -> "CheckReport":
    from layerscope.policy.check import check as check_rules  # noqa: PLC0415
    from layerscope.policy.check import read_baseline  # noqa: PLC0415
    from layerscope.policy.rules_files import find_rules  # noqa: PLC0415
    from layerscope.session.size.base_image import chosen_base  # noqa: PLC0415  # nothing that --help needs

    file = find_rules(config)
    if baseline is not None and file.rules.max_growth is None:
        raise UsageError(f"--baseline is of no use: {file.name} has no rule max-growth")
    with opened(reference, image, platform) as session:
        own = platform or str(session.image.platform) or None
        with ReadingProgress(progress_title(baseline or "the baseline")) as progress:
            other = read_baseline(file.rules, baseline, own, progress)
        report = check_rules(session.loaded, file, chosen_base(session.image, base), other)
        warn(session)
    return report


def _deliver(report: "CheckReport", form: Format, output: str | None) -> None:
    if output is None:
        _write(report, form, sys.stdout)
        return
    from layerscope.report.atomic_write import write_whole  # noqa: PLC0415

    text = io.StringIO()
    _write(report, form, text)
    # a run of CI writes over what the one before has left
    write_whole(Path(output), text.getvalue(), force=True)


def _write(report: "CheckReport", form: Format, file: TextIO) -> None:
    """Write the outcome; each run needs one of the modules."""
    match form:
        case Format.TABLE:
            from layerscope.report.check.table import write_check_table  # noqa: PLC0415

            write_check_table(report, file)
        case Format.JSON:
            from layerscope.report.check.document import check_document  # noqa: PLC0415
            from layerscope.report.json_document import write_json  # noqa: PLC0415

            write_json(check_document(report), file)
        case Format.JUNIT:
            from layerscope.report.check.junit import write_check_junit  # noqa: PLC0415

            write_check_junit(report, file)
        case Format.SARIF:
            from layerscope.report.check.sarif import sarif_document  # noqa: PLC0415
            from layerscope.report.json_document import write_json  # noqa: PLC0415

            write_json(sarif_document(report), file)
        case Format.GITHUB:
            from layerscope.report.check.github import write_check_github  # noqa: PLC0415

            write_check_github(report, file)
        case Format.MARKDOWN:
            from layerscope.report.check.markdown import write_check_markdown  # noqa: PLC0415

            write_check_markdown(report, file)


def _status(report: "CheckReport") -> int:
    from layerscope.policy.outcome import Outcome  # noqa: PLC0415

    statuses = {Outcome.PASSED: ExitStatus.FINE, Outcome.FAILED: ExitStatus.FOUND, Outcome.UNKNOWN: ExitStatus.FAILED}
    return statuses[report.outcome]


def _write_rules(reference: str, image: str | None, platform: str | None, config: str | None, *, force: bool) -> None:
    """Write a first rules file."""
    from layerscope.policy.rules_files import OWN_NAME, is_own  # noqa: PLC0415
    from layerscope.policy.rules_template import rules_template  # noqa: PLC0415
    from layerscope.report.atomic_write import refuse_existing, write_whole  # noqa: PLC0415

    path = Path(config or OWN_NAME)
    if not is_own(path):
        raise UsageError(f"--init writes a file of its own such as {OWN_NAME}, not {printable_name(str(path))}")
    refuse_existing(path, force=force)
    with opened(reference, image, platform) as session:
        text = rules_template(session.loaded)
    write_whole(path, text, force=force)
    narrate(f"wrote {printable_name(str(path))}")
