"""The results of rules as Markdown, for a comment on a pull request."""

from typing import TextIO

from layerscope.policy.outcome import CheckReport, Location, Outcome, RuleResult
from layerscope.report.check.lines import headline, more_locations
from layerscope.report.escape import code_in_markdown, code_in_markdown_cell, in_markdown, sentence_in_markdown
from layerscope.report.layers.summary import layer_title
from layerscope.text import printable_line

_MARKS = {Outcome.PASSED: "✅", Outcome.FAILED: "❌", Outcome.UNKNOWN: "❔"}


def write_check_markdown(report: CheckReport, file: TextIO) -> None:
    """Write the outcome, a table of the rules, and the locations of each that did not pass."""
    file.write(f"### {_MARKS[report.outcome]} {in_markdown(headline(report))}\n\n")
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
    more = more_locations(result)
    file.write(f"- {more}\n\n</details>\n" if more else "\n</details>\n")


def _location(report: CheckReport, location: Location) -> str:
    text = sentence_in_markdown(printable_line(location.text))
    if location.layer is None:
        return text
    return f"layer {location.layer} {text}<br>{code_in_markdown(layer_title(report.image, location.layer))}"
