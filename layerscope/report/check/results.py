"""The results of rules and the locations to look at: the ``check`` document, and a table for people at a terminal."""

from collections.abc import Iterator, Sequence
from typing import TextIO

from msgspec import Struct
from msgspec.structs import replace

from layerscope.policy.outcome import CheckReport, Location, Outcome, RuleResult
from layerscope.report.json_document import Document, write_document
from layerscope.report.tables import Block, Grid, GridColumn, Line, Paragraph, instruction_line, show
from layerscope.session.summary import layer_title
from layerscope.text import path_text, printable_line


class LocationPart(Struct):
    """A location to look at; ``hidden_by`` is the layer that hides it, if any."""

    layer: int | None
    instruction: str | None
    line: int | None
    hidden_by: int | None
    path: str | None
    size: int | None
    text: str


class RulePart(Struct):
    """One rule; ``key`` is its name in the rules file, ``excess`` the amount by which a failed one misses its limit.

    ``unit`` is that of limit, value and excess: bytes, a fraction or a count; null if they count paths.
    """

    rule: str
    key: str
    outcome: str
    text: str
    unit: str | None
    limit: float | None
    value: float | None
    excess: float | None
    places: list[LocationPart]
    place_count: int


class CheckDocument(Document, kw_only=True):
    """The whole document; ``outcome`` is that of the whole check, ``problems`` say what could not be read."""

    image: str
    rules_file: str
    outcome: str
    rules: list[RulePart]
    problems: list[str]


def write_check_document(report: CheckReport, file: TextIO) -> None:
    """Write the document."""
    document = CheckDocument(
        image=report.image.name,
        rules_file=report.rules.name,
        outcome=report.outcome.value,
        rules=[_rule_part(report, result) for result in report.results],
        problems=list(report.problems),
    )
    write_document(document, file)


def _rule_part(report: CheckReport, result: RuleResult) -> RulePart:
    verdict = result.verdict
    return RulePart(
        rule=result.rule,
        key=result.key,
        outcome=result.outcome.value,
        text=verdict.text,
        unit=verdict.unit.value if verdict.unit else None,
        # msgspec takes no subclasses, which the rules use for sizes and shares
        limit=None if verdict.limit is None else +verdict.limit,
        value=verdict.value,
        excess=verdict.excess,
        places=[_location_part(report, location) for location in verdict.locations],
        place_count=verdict.location_count,
    )


def _location_part(report: CheckReport, location: Location) -> LocationPart:
    instruction = None if location.layer is None else report.image.step(location.layer).instruction
    line = report.dockerfile.line_of_layer.get(location.layer or 0) if report.dockerfile else None
    path = None if location.path is None else path_text(location.path)
    return LocationPart(location.layer, instruction, line, location.hidden_by, path, location.size, location.text)


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
