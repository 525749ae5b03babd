"""Sentences on the results of rules, shared by all formats for people."""

from layerscope.policy.outcome import CheckReport, Location, Outcome, RuleResult
from layerscope.report.layers.summary import layer_title
from layerscope.text import plural, printable_line, printable_name


def headline(report: CheckReport) -> str:
    """Return the check in one sentence: ``my-app:v1 passes 7 of 9 rules of .layerscope.toml: 1 failed, 1 unknown``."""
    name, count = printable_name(report.image.name), len(report.results)
    passed, failed, unknown = map(report.count, Outcome)
    if passed == count and not report.problems:
        return f"{name} passes {'the only rule' if count == 1 else f'all {count} rules'} of {report.rules.name}"
    rest = ", ".join(text for number, text in ((failed, f"{failed} failed"), (unknown, f"{unknown} unknown")) if number)
    line = f"{name} passes {passed} of {plural(count, 'rule')} of {report.rules.name}"
    return f"{line}: {rest}" if rest else f"{line}, but not all of its layers could be read"


def message(report: CheckReport, result: RuleResult) -> str:
    """Return the result of a rule as lines: its sentence, then its locations."""
    verdict = result.verdict
    lines = [f"{verdict.text}.", *(f"- {_location_line(report, location)}" for location in verdict.locations)]
    more = more_locations(result)
    return "\n".join([*lines, f"- {more}"] if more else lines)


def _location_line(report: CheckReport, location: Location) -> str:
    """Return a location as one line: ``layer 2 (RUN apt-get update) wrote …``."""
    if location.layer is None:
        return printable_line(location.text)
    place = report.dockerfile.place(location.layer) if report.dockerfile else None
    at = f"{printable_name(place)}, " if place else ""
    return f"layer {location.layer} ({at}{layer_title(report.image, location.layer)}) {printable_line(location.text)}"


def more_locations(result: RuleResult) -> str:
    """Return how many locations the verdict does not name; empty if it names all or none."""
    more = result.verdict.location_count - len(result.verdict.locations)
    return f"and {more:,} more" if more > 0 and result.verdict.locations else ""
