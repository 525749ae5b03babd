"""The results of rules on GitHub: as annotations of a workflow, and as Markdown for a comment on a pull request.

Annotations are commands on standard output:
https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from typing import TextIO

from layerscope.policy.outcome import CheckReport, Location, Outcome, RuleResult
from layerscope.report.escape import (
    code_in_markdown,
    code_in_markdown_cell,
    in_github_message,
    in_github_property,
    in_markdown,
    sentence_in_markdown,
)
from layerscope.session.summary import layer_title
from layerscope.text import printable_line, printable_name

_COMMANDS = {Outcome.PASSED: "notice", Outcome.FAILED: "error", Outcome.UNKNOWN: "warning"}
_MARKS = {Outcome.PASSED: "✅", Outcome.FAILED: "❌", Outcome.UNKNOWN: "❔"}


def write_check_github(report: CheckReport, file: TextIO) -> None:
    """Write a command for each rule that did not pass, and one for the outcome.

    It is at the line of the Dockerfile to look at, if that is known, or else at the rule's line of the rules file.
    """
    name = printable_name(report.image.name)
    for result in report.results:
        if result.outcome is not Outcome.PASSED:
            file_name, line = report.position(result)
            properties = {"file": file_name, "line": str(line), "title": f"{name}: {result.key}"}
            file.write(_command(_COMMANDS[result.outcome], properties, report.message(result)))
    file.writelines(_command("error", {"title": name}, printable_line(problem)) for problem in report.problems)
    file.write(_command(_COMMANDS[report.outcome], {"title": "layerscope"}, f"{report.headline}."))


def _command(name: str, properties: dict[str, str], text: str) -> str:
    listed = ",".join(f"{key}={in_github_property(value)}" for key, value in properties.items())
    return f"::{name} {listed}::{in_github_message(text)}\n"


def write_check_markdown(report: CheckReport, file: TextIO) -> None:
    """Write the outcome, a table of the rules, and the locations of each that did not pass."""
    file.write(f"### {_MARKS[report.outcome]} {in_markdown(report.headline)}\n\n")
    file.write("| | rule | |\n| --- | --- | --- |\n")
    for result in report.results:
        mark = f"{_MARKS[result.outcome]} {result.outcome.value}"
        file.write(f"| {mark} | {code_in_markdown_cell(result.key)} | {in_markdown(result.verdict.text)} |\n")
    file.writelines(f"\n**{in_markdown(printable_line(problem))}**\n" for problem in report.problems)
    for result in report.results:
        if result.verdict.locations:
            _write_locations(report, result, file)


def _write_locations(report: CheckReport, result: RuleResult, file: TextIO) -> None:
    file.write(f"\n<details><summary>Where to look for <code>{result.key}</code></summary>\n\n")
    file.writelines(f"- {_location(report, location)}\n" for location in result.verdict.locations)
    more = result.more_locations
    file.write(f"- {more}\n\n</details>\n" if more else "\n</details>\n")


def _location(report: CheckReport, location: Location) -> str:
    text = sentence_in_markdown(printable_line(location.text))
    if location.layer is None:
        return text
    return f"layer {location.layer} {text}<br>{code_in_markdown(layer_title(report.image, location.layer))}"
