"""``layerscope check``: check an image against rules."""

import io
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TextIO

import typer

from layerscope.cli.errors import ExitStatus
from layerscope.cli.image_command import NamedImage, image_command
from layerscope.cli.opening import cache_unless, progress_title, warn, warn_of
from layerscope.cli.options import AsJson, Base, DockerfileName, Force
from layerscope.cli.progress import ReadingProgress
from layerscope.cli.streams import narrate, output_may_be_cut
from layerscope.errors import UsageError
from layerscope.policy.check import check as check_rules
from layerscope.policy.check import read_baseline
from layerscope.policy.outcome import CheckReport, Outcome
from layerscope.policy.rules import BASELINE_RULES
from layerscope.policy.rules_files import OWN_NAME, find_rules, is_own
from layerscope.policy.rules_template import rules_template
from layerscope.report.atomic_write import refuse_existing, write_whole
from layerscope.report.check.github import write_check_github, write_check_markdown
from layerscope.report.check.junit import write_check_junit
from layerscope.report.check.results import write_check_document, write_check_table
from layerscope.report.check.sarif import write_check_sarif
from layerscope.session.dockerfile.lines import known_dockerfile
from layerscope.session.size.base_image import chosen_base
from layerscope.text import path_text, plural, printable_name, short_name

EXAMPLES = """\b
Examples:
  layerscope check my-app.tar --init                    write rules with today's figures as limits
  layerscope check my-app.tar                           by .layerscope.toml, pyproject.toml or .dive-ci
  layerscope check my-app:v2 --baseline my-app:v1       has it grown?
  layerscope check my-app.tar --format junit -o layerscope.xml
  layerscope check my-app.tar --format github           annotations in a GitHub workflow

Status 0: all rules pass; 1: a rule fails; 2: unknown, because a layer could not be read."""

_MOST_NAMED = 3
"""Secrets that ``--init`` names on the terminal; the file lists all."""

_STATUSES = {
    Outcome.PASSED: ExitStatus.SUCCESS,
    Outcome.FAILED: ExitStatus.FINDINGS,
    Outcome.UNKNOWN: ExitStatus.ERROR,
}


class Format(StrEnum):
    """A format of the outcome."""

    TABLE = "table"
    JSON = "json"
    JUNIT = "junit"
    SARIF = "sarif"
    GITHUB = "github"
    MARKDOWN = "markdown"


_WRITERS: dict[Format, Callable[[CheckReport, TextIO], None]] = {
    Format.TABLE: write_check_table,
    Format.JSON: write_check_document,
    Format.JUNIT: write_check_junit,
    Format.SARIF: write_check_sarif,
    Format.GITHUB: write_check_github,
    Format.MARKDOWN: write_check_markdown,
}

Config = Annotated[
    str | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="The rules; by default .layerscope.toml, [tool.layerscope] in pyproject.toml, or .dive-ci here.",
    ),
]
BaselineOption = Annotated[
    str | None,
    typer.Option("--baseline", metavar="IMAGE|FILE.json", help="The image to compare with, or its layers document."),
]
FormatOption = Annotated[Format | None, typer.Option("--format", help="The format; by default a table.")]
Output = Annotated[str | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a file instead.")]
Init = Annotated[bool, typer.Option("--init", help="Write .layerscope.toml with today's figures as limits.")]


@image_command
def check(
    named: NamedImage,
    *,
    config: Config = None,
    baseline: BaselineOption = None,
    base: Base = None,
    dockerfile: DockerfileName = None,
    form: FormatOption = None,
    as_json: AsJson = False,
    output: Output = None,
    init: Init = False,
    force: Force = False,
) -> int:
    """Check an image against rules: status 0 if all pass, 1 if one fails, 2 if the outcome is unknown."""
    if init:
        _write_rules(named, config, force=force)
        return ExitStatus.SUCCESS
    form = _format(form, as_json=as_json)
    report = _report(named, config, baseline, base, dockerfile)
    _deliver(report, form, output)
    return _STATUSES[report.outcome]


def _format(form: Format | None, *, as_json: bool) -> Format:
    if as_json and form not in (None, Format.JSON):
        raise UsageError(f"--json and --format {form} are two different formats")
    return Format.JSON if as_json else form or Format.TABLE


def _report(
    named: NamedImage, config: str | None, baseline: str | None, base: str | None, dockerfile: str | None
) -> CheckReport:
    file = find_rules(config)
    if file.ignored:
        warn_of(f"{file.name}: ignored keys that layerscope does not know: {', '.join(file.ignored)}")
    if baseline is not None and not file.rules.use_baseline:
        known = ", ".join(rule.replace("_", "-") for rule in BASELINE_RULES)
        warn_of(f"--baseline is not used: {file.name} has none of the rules {known}")
    with named.opened() as session:
        own_platform = named.request.platform or str(session.image.platform) or None
        with ReadingProgress(progress_title(baseline or "the baseline")) as progress:
            old_image = read_baseline(
                file.rules, baseline, own_platform, progress, cache_unless(no_cache=named.no_cache)
            )
        placed = known_dockerfile(session.image, dockerfile, session.build)
        report = check_rules(session.load(), file, chosen_base(session.image, base), old_image, placed)
        warn(session.image, session.tallies)
    return report


def _deliver(report: CheckReport, form: Format, output: str | None) -> None:
    if output is None:
        # the status counts even if the reader of the output closes the pipe
        with output_may_be_cut():
            _WRITERS[form](report, sys.stdout)
        return
    text = io.StringIO()
    _WRITERS[form](report, text)
    # each run of CI overwrites the file of the previous one
    write_whole(Path(output), text.getvalue(), force=True)


def _write_rules(named: NamedImage, config: str | None, *, force: bool) -> None:
    """Write a rules file to start with."""
    path = Path(config or OWN_NAME)
    if not is_own(path):
        raise UsageError(f"--init writes a separate file such as {OWN_NAME}, not {printable_name(str(path))}")
    refuse_existing(path, force=force)
    with named.opened() as session:
        template = rules_template(session.load())
    write_whole(path, template.text, force=force)
    narrate(f"wrote {printable_name(str(path))}")
    if template.secrets:
        found = ", ".join(short_name(path_text(secret)) for secret in template.secrets[:_MOST_NAMED])
        more = f" and {len(template.secrets) - _MOST_NAMED:,} more" if len(template.secrets) > _MOST_NAMED else ""
        warn_of(f"the image holds {plural(len(template.secrets), 'secret')}, which the rules allow: {found}{more}")
