"""The ``check`` document: what became of each rule, by how much, and where to look."""

from typing import TypedDict

from layerscope.policy.outcome import CheckReport, Location, RuleResult
from layerscope.report.json_document import SCHEMA_VERSION
from layerscope.text import path_text


class PlacePart(TypedDict):
    """Where to look: ``hidden_by`` is the layer that hides what is there, if any."""

    layer: int | None
    instruction: str | None
    killer: int | None
    path: str | None
    size: int | None
    text: str


class RulePart(TypedDict):
    """One rule; ``key`` is its name in the rules file, ``excess`` by how much a failed one misses its limit.

    ``unit`` says what limit, value and excess count: bytes, a fraction, or things (count); null where they are paths.
    """

    rule: str
    key: str
    outcome: str
    text: str
    unit: str | None
    limit: float | None
    value: float | None
    excess: float | None
    places: list[PlacePart]
    place_count: int


class CheckDocument(TypedDict):
    """The whole document; ``outcome`` is that of the whole check, ``problems`` what could not be read."""

    schema_version: int
    image: str
    rules_file: str
    outcome: str
    rules: list[RulePart]
    problems: list[str]


def check_document(report: CheckReport) -> CheckDocument:
    """Return the document."""
    return {
        "schema_version": SCHEMA_VERSION,
        "image": report.image.name,
        "rules_file": report.rules.name,
        "outcome": report.outcome.value,
        "rules": [_rule_part(report, result) for result in report.results],
        "problems": list(report.problems),
    }


def _rule_part(report: CheckReport, result: RuleResult) -> RulePart:
    verdict = result.verdict
    return {
        "rule": result.rule,
        "key": result.key,
        "outcome": result.outcome.value,
        "text": verdict.text,
        "unit": verdict.unit.value if verdict.unit else None,
        "limit": verdict.limit,
        "value": verdict.value,
        "excess": verdict.excess,
        "places": [_place_part(report, place) for place in verdict.places],
        "place_count": verdict.place_count,
    }


def _place_part(report: CheckReport, place: Location) -> PlacePart:
    return {
        "layer": place.layer,
        "instruction": None if place.layer is None else report.image.step(place.layer).instruction,
        "killer": place.hidden_by,
        "path": None if place.path is None else path_text(place.path),
        "size": place.size,
        "text": place.text,
    }
