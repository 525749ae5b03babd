"""What became of the rules as Markdown, for a comment on a change."""

from typing import TextIO

from layerscope.policy.outcome import CheckReport, Location, Outcome, RuleResult
from layerscope.report.check.lines import headline
from layerscope.report.escape import code_in_markdown, in_markdown
from layerscope.report.titles import title_of
from layerscope.text import printable_line

_MARKS = {Outcome.PASSED: "✅", Outcome.FAILED: "❌", Outcome.UNKNOWN: "❔"}


def write_check_markdown(report: CheckReport, file: TextIO) -> None:
    """Write the outcome, a table of the rules, and where to look for each that is not kept."""
    file.write(f"### {_MARKS[report.outcome]} {in_markdown(headline(report))}\n\n")
    file.write("| | rule | |\n| --- | --- | --- |\n")
    for result in report.results:
        mark = f"{_MARKS[result.outcome]} {result.outcome.value}"
        file.write(f"| {mark} | {code_in_markdown(result.key)} | {in_markdown(result.verdict.text)} |\n")
    file.writelines(f"\n**{in_markdown(printable_line(problem))}**\n" for problem in report.problems)
    for result in report.results:
        if result.verdict.places:
            _write_places(report, result, file)


def _write_places(report: CheckReport, result: RuleResult, file: TextIO) -> None:
    file.write(f"\n<details><summary>Where to look for <code>{result.key}</code></summary>\n\n")
    file.writelines(f"- {_place(report, place)}\n" for place in result.verdict.places)
    more = result.verdict.place_count - len(result.verdict.places)
    file.write(f"- and {more:,} more\n\n</details>\n" if more > 0 else "\n</details>\n")


def _place(report: CheckReport, place: Location) -> str:
    text = in_markdown(printable_line(place.text))
    if place.layer is None:
        return text
    return f"layer {place.layer} {text}<br>{code_in_markdown(title_of(report.image, place.layer))}"
