"""Sentences on what became of rules, for all formats that people read."""

from layerscope.policy.outcome import CheckReport, Location, Outcome, RuleResult
from layerscope.report.titles import title_of
from layerscope.text import plural, printable_line, printable_name


def headline(report: CheckReport) -> str:
    """Return the check in one sentence: ``my-app:v1 keeps 7 of 9 rules of .layerscope.toml: 1 failed, 1 unknown``."""
    name, count = printable_name(report.image.name), len(report.results)
    passed, failed, unknown = map(report.count, Outcome)
    if passed == count and not report.problems:
        return f"{name} keeps {'its only rule' if count == 1 else f'all {count} rules'} of {report.rules.name}"
    rest = ", ".join(text for number, text in ((failed, f"{failed} failed"), (unknown, f"{unknown} unknown")) if number)
    line = f"{name} keeps {passed} of {plural(count, 'rule')} of {report.rules.name}"
    return f"{line}: {rest}" if rest else f"{line}, but not all of its layers could be read"


def place_line(report: CheckReport, place: Location) -> str:
    """Return where to look in one line: ``layer 2 wrote …: RUN apt-get update``."""
    if place.layer is None:
        return printable_line(place.text)
    return f"layer {place.layer} ({title_of(report.image, place.layer)}) {printable_line(place.text)}"


def message(report: CheckReport, result: RuleResult) -> str:
    """Return what became of a rule in lines: its sentence, then where to look."""
    lines = [f"{result.verdict.text}.", *(f"- {place_line(report, place)}" for place in result.verdict.places)]
    more = result.verdict.place_count - len(result.verdict.places)
    return "\n".join([*lines, f"- and {more:,} more"] if more > 0 and result.verdict.places else lines)
