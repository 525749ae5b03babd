"""The results of rules, for people at a terminal."""

from collections.abc import Iterator, Sequence
from typing import TextIO

from msgspec.structs import replace

from layerscope.policy.outcome import CheckReport, Location, Outcome, RuleResult
from layerscope.report.tables import Block, Grid, GridColumn, Line, Paragraph, instruction_line, show
from layerscope.session.summary import layer_title
from layerscope.text import printable_line

_MOST_LOCATIONS = 3
"""The locations that are shown for each rule; documents name more."""

_STYLES = {Outcome.PASSED: "green", Outcome.FAILED: "bold red", Outcome.UNKNOWN: "yellow"}


def write_check_table(report: CheckReport, file: TextIO) -> None:
    """Print a row for each rule, the locations below each failed one, and the outcome last."""
    show(check_table(report), file)


def check_table(report: CheckReport) -> Sequence[Block]:
    """Return the table."""
    grid = Grid(GridColumn(""), GridColumn(""), GridColumn("", is_flexible=True))
    for result in report.results:
        outcome = Line(result.outcome.value, _STYLES[result.outcome])
        grid.add_row(outcome, result.key, [Line(result.verdict.text, is_folded=True), *_locations(report, result)])
    problems = [Paragraph(f"! {printable_line(problem)}", "red") for problem in report.problems]
    return [grid, *problems, Paragraph(), Paragraph(f"{report.headline}.", _STYLES[report.outcome])]


def _locations(report: CheckReport, result: RuleResult) -> Iterator[Line]:
    shown = result.verdict.locations[:_MOST_LOCATIONS]
    for location in shown:
        yield from _location(report, location)
    more = result.verdict.location_count - len(shown)
    if shown and more > 0:
        yield Line(f"and {more:,} more", "dim", indent=2)


def _location(report: CheckReport, location: Location) -> Iterator[Line]:
    text = printable_line(location.text)
    if location.layer is None:
        yield Line(text, is_folded=True, indent=2)
        return
    yield Line(f"layer {location.layer} {text}", is_folded=True, indent=2)
    yield replace(instruction_line(layer_title(report.image, location.layer)), indent=4)
