"""The results of rules as annotations of a GitHub workflow: commands on standard output.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from typing import TextIO

from layerscope.policy.outcome import CheckReport, Outcome
from layerscope.report.check.lines import headline, message
from layerscope.report.escape import in_github_message, in_github_property
from layerscope.text import printable_line, printable_name

_COMMANDS = {Outcome.PASSED: "notice", Outcome.FAILED: "error", Outcome.UNKNOWN: "warning"}


def write_check_github(report: CheckReport, file: TextIO) -> None:
    """Write a command for each rule that did not pass, and one for the outcome.

    It is at the line of the Dockerfile to look at, if that is known, or else at the rule's line of the rules file.
    """
    name = printable_name(report.image.name)
    for result in report.results:
        if result.outcome is not Outcome.PASSED:
            file_name, line = report.place(result)
            properties = {"file": file_name, "line": str(line), "title": f"{name}: {result.key}"}
            file.write(_command(_COMMANDS[result.outcome], properties, message(report, result)))
    file.writelines(_command("error", {"title": name}, printable_line(problem)) for problem in report.problems)
    file.write(_command(_COMMANDS[report.outcome], {"title": "layerscope"}, f"{headline(report)}."))


def _command(name: str, properties: dict[str, str], text: str) -> str:
    listed = ",".join(f"{key}={in_github_property(value)}" for key, value in properties.items())
    return f"::{name} {listed}::{in_github_message(text)}\n"
