"""The ``check`` document: the result of each rule, its figures, and the locations to look at."""

from typing import TextIO

from msgspec import Struct

from layerscope.policy.outcome import CheckReport, Location, RuleResult
from layerscope.report.json_document import Document, write_document
from layerscope.text import path_text


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
    return LocationPart(
        layer=location.layer,
        instruction=None if location.layer is None else report.image.step(location.layer).instruction,
        line=report.dockerfile.line_of_layer.get(location.layer or 0) if report.dockerfile else None,
        hidden_by=location.hidden_by,
        path=None if location.path is None else path_text(location.path),
        size=location.size,
        text=location.text,
    )
